import type { Log, LogRecord } from '@tocsin/core';

const page = 500;

/** Every record of a topic that stands there now, partition by partition. */
export async function* everyRecord(log: Log, topic: string): AsyncGenerator<LogRecord> {
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

const decoder = new TextDecoder();

export const jsonOf = <T>({ value }: LogRecord): T | undefined =>
  value === null ? undefined : (JSON.parse(decoder.decode(value)) as T);
