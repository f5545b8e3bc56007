import { partitionOf } from '@tocsin/core';
import type { Appending, Log } from '@tocsin/core';
import { bankTopic } from '../bed/bed.ts';
import { transactions } from './plan.ts';
import type { Plan } from './plan.ts';

/** Records of one request; kafkajs sorts them into partitions at a cost that grows with the square. */
const perRequest = 4_000;

/** Appends all of them as fast as the broker takes them, two requests on the way. */
export async function appendAll(log: Log, records: Iterable<Appending>): Promise<number> {
  let count = 0;
  let batch: Appending[] = [];
  let before: Promise<unknown> = Promise.resolve();
  const flush = async (): Promise<void> => {
    const going = log.append(batch);
    // Awaited with the next one; until then its failure must not pass for nobody's.
    going.catch(() => undefined);
    batch = [];
    await before;
    before = going;
  };
  for (const record of records) {
    batch.push(record);
    count += 1;
    if (batch.length === perRequest) await flush();
  }
  if (batch.length > 0) await flush();
  await before;
  return count;
}

/** The plan's transactions as the bank's records. */
export function* bankRecords(plan: Plan, partitions: number): Generator<Appending, void, void> {
  const places = new Map<string, number>();
  for (const { accountId, value } of transactions(plan)) {
    let partition = places.get(accountId);
    if (partition === undefined) {
      partition = partitionOf(accountId, partitions);
      places.set(accountId, partition);
    }
    yield { topic: bankTopic, partition, key: accountId, value };
  }
}
