import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { PartitionBatch } from '@tocsin/core';
import { LogContext } from '@tocsin/nest';

/** Takes batches of `account-events`. */
@Controller()
export class DetectController {
  @EventPattern<string>('detect')
  take(@Payload() batches: readonly PartitionBatch[], @Ctx() context: LogContext): Promise<void> {
    return context.feed.subscriber.batch(batches);
  }
}
