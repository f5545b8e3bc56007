import type { Log, LogRecord } from '@tocsin/core';

/** Everything that stands on a topic, partition by partition. */
export async function dump(log: Log, topic: string): Promise<readonly LogRecord[]> {
  const facts = await log.facts(topic);
  if (facts === undefined) throw new Error(`The topic ${topic} does not exist.`);
  const all: LogRecord[] = [];
  for (let partition = 0; partition < facts.partitions; partition++) {
    const { start, end } = await log.bounds(topic, partition);
    for (let at = start; at < end;) {
      const records = await log.read(topic, partition, at, 2_000);
      if (records.length === 0) break;
      all.push(...records.filter(({ offset }) => offset < end));
      at = records.at(-1)!.offset + 1;
    }
  }
  return all;
}

export const header = (record: LogRecord, name: string): string | undefined => {
  const bytes = record.headers[name];
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
};

export const json = <T>(record: LogRecord): T => JSON.parse(Buffer.from(record.value!).toString('utf8')) as T;

/** How many records of each partition of the topic the group has not committed yet. */
export async function lag(log: Log, group: string, topic: string): Promise<readonly number[]> {
  const facts = await log.facts(topic);
  if (facts === undefined) throw new Error(`The topic ${topic} does not exist.`);
  const committed = await log.committed(group, topic);
  const behind: number[] = [];
  for (let partition = 0; partition < facts.partitions; partition++) {
    const { start, end } = await log.bounds(topic, partition);
    behind.push(end - Math.max(committed.get(partition) ?? start, start));
  }
  return behind;
}
