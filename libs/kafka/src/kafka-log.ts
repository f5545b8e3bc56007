import type { Log } from '@tocsin/core';
import type { KafkaLogOptions } from './kafka-log-options.ts';
import { LateLog } from './late-log.ts';

/** The Log on Apache Kafka. Connects when first used; nothing is retried for ever but a subscription. */
export function kafkaLog(options: KafkaLogOptions): Log {
  switch (options.client ?? 'kafkajs') {
    case 'kafkajs':
      return new LateLog(async () => new (await import('./kafkajs/kafkajs-log.ts')).KafkajsLog(options));
    case 'platformatic':
      return new LateLog(async () => new (await import('./platformatic/platformatic-log.ts')).PlatformaticLog(options));
  }
}
