import { partitionOf } from '@tocsin/core';
import type { Appending, Log } from '@tocsin/core';
import { bankTopic } from '../bed/bed.ts';
import { phoneOf, transactions } from './plan.ts';
import type { Plan } from './plan.ts';

export interface LiveFeed {
  /** Transactions per second. */
  readonly rate: number;
  /** Told before a transaction that alerts is handed to the client, with its place in the plan: monotonic milliseconds. */
  readonly onAlert?: (phone: string, at: number, index: number) => void;
  readonly everyMs?: number;
}

export interface Fed {
  readonly records: number;
  readonly alerts: number;
  readonly seconds: number;
  /** How many records the feeder was behind its own timetable at worst. */
  readonly behindAtWorst: number;
}

/** Appends the plan's transactions as time passes, all of them. A feeder that cannot keep up says so. */
export async function feedLive(log: Log, plan: Plan, partitions: number, options: LiveFeed): Promise<Fed> {
  const { rate, onAlert, everyMs = 5 } = options;
  const source = transactions(plan);
  const began = performance.now();
  const failed: unknown[] = [];
  const appends: Promise<unknown>[] = [];
  let records = 0;
  let alerts = 0;
  let behindAtWorst = 0;
  while (records < plan.records && failed.length === 0) {
    const due = Math.min(plan.records, Math.floor(((performance.now() - began) / 1_000) * rate)) - records;
    // More at once would be a backlog, not a feed.
    const count = Math.min(due, Math.ceil(rate / 4));
    behindAtWorst = Math.max(behindAtWorst, due - count);
    if (count > 0) {
      const batch: Appending[] = [];
      for (let index = 0; index < count; index++) {
        const { accountId, alerts: told, value } = source.next().value!;
        if (told) {
          alerts += 1;
          onAlert?.(phoneOf(Number(accountId.slice(4))), performance.now(), records + index);
        }
        batch.push({ topic: bankTopic, partition: partitionOf(accountId, partitions), key: accountId, value });
      }
      records += count;
      appends.push(log.append(batch).catch((error: unknown) => failed.push(error)));
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await Promise.all(appends);
  if (failed.length > 0) throw new Error('The feeder could not append.', { cause: failed[0] });
  return { records, alerts, seconds: (performance.now() - began) / 1_000, behindAtWorst };
}
