import type { Log } from '@tocsin/core';
import type { KafkaLogOptions } from './kafka-log-options.ts';
import { KafkajsLog } from './kafkajs/kafkajs-log.ts';
import { PlatformaticLog } from './platformatic/platformatic-log.ts';

/** The Log on Apache Kafka. Connects when first used; nothing is retried for ever but a subscription. */
export function kafkaLog(options: KafkaLogOptions): Log {
  switch (options.client ?? 'kafkajs') {
    case 'kafkajs':
      return new KafkajsLog(options);
    case 'platformatic':
      return new PlatformaticLog(options);
  }
}
