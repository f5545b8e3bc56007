import type { Log, LogRecord, SubscribeOptions, Subscriber } from '@tocsin/core';
import * as kafka from '@tocsin/kafka';
import { changed } from './replace.ts';

export * from '@tocsin/kafka';

const findingId = /"type":"finding","version":1,"id":"([^"]+)"/;

/**
 * Every record is taken, also one that a replay upstream wrote again. The second filter, the memory of ids, would hide
 * that: so each finding gets an id of its own here. A finding that is the first of its kind is only called otherwise.
 */
function strip(record: LogRecord): LogRecord {
  const { src: _, ...headers } = record.headers;
  const text = record.value === null ? '' : Buffer.from(record.value).toString('utf8');
  const id = findingId.exec(text)?.[1];
  if (id === undefined) return { ...record, headers };
  const value = Buffer.from(text.replace(findingId, `"type":"finding","version":1,"id":"${id}~${record.offset}"`));
  return { ...record, headers, value };
}

export const kafkaLog: typeof kafka.kafkaLog = (options) => {
  const log: Log = kafka.kafkaLog(options);
  return changed(log, {
    subscribe: (subscription: SubscribeOptions, subscriber: Subscriber) =>
      log.subscribe(subscription, {
        assigned: (partitions) => subscriber.assigned(partitions),
        revoked: (partitions) => subscriber.revoked(partitions),
        failed: (partition, error) => subscriber.failed(partition, error),
        batch: (batches) =>
          subscriber.batch(batches.map(({ partition, records }) => ({ partition, records: records.map(strip) }))),
      }),
  });
};
