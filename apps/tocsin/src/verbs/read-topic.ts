import type { Log, LogRecord } from '@tocsin/core';

const page = 500;

/** Every record of a topic that stands there now, partition by partition. */
export async function* readTopic(log: Log, topic: string): AsyncGenerator<LogRecord> {
  const partitions = (await log.facts(topic))?.partitions ?? 0;
  for (let partition = 0; partition < partitions; partition++) {
    const { start, end } = await log.bounds(topic, partition);
    for (let from = start; from < end;) {
      const records = await log.read(topic, partition, from, page);
      if (records.length === 0) break;
      for (const record of records) if (record.offset < end) yield record;
      from = (records.at(-1)?.offset ?? end) + 1;
    }
  }
}

export const headerText = (record: LogRecord, name: string): string | undefined => {
  const value = record.headers[name];
  return value === undefined ? undefined : new TextDecoder().decode(value);
};
