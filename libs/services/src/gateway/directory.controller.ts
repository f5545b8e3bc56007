import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { PartitionBatch } from '@tocsin/core';
import { LogContext } from '@tocsin/nest';

/** Takes batches of `addresses`: the gateway's own stage, from which it learns whose an address is. */
@Controller()
export class DirectoryController {
  @EventPattern<string>('directory')
  take(@Payload() batches: readonly PartitionBatch[], @Ctx() context: LogContext): Promise<void> {
    return context.feed.subscriber.batch(batches);
  }
}
