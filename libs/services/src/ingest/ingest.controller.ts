import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { PartitionBatch } from '@tocsin/core';
import { LogContext } from '@tocsin/nest';

/** Takes batches of the bank's topics. */
@Controller()
export class IngestController {
  @EventPattern<string>('ingest')
  take(@Payload() batches: readonly PartitionBatch[], @Ctx() context: LogContext): Promise<void> {
    return context.feed.subscriber.batch(batches);
  }
}
