import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { detectStage, topicNames, topicSpecs } from '@tocsin/core';
import type { Appending, FraudRule } from '@tocsin/core';
import { embedded } from '@tocsin/embedded';
import { noMetrics, runStage } from '@tocsin/engine';
import { customerConditions, fraudRules } from '@tocsin/rules';
import { channelIds } from '@tocsin/services';
import { asIngest } from '../load/as-ingest.ts';

/*
 * One point of a growth curve: detect on its engine and the embedded store, in this process alone, so that neither a broker
 * nor a network is counted. First what the accounts remember is built up, then the transactions that are measured come.
 */

export interface PointJob {
  readonly partitions: number;
  readonly accounts: number;
  /** Transactions that each account remembers before the measurement. */
  readonly history: number;
  readonly rules: number;
  /** Transactions of the measurement. */
  readonly records: number;
  /** Of one account, remembered before the measurement; its transactions are what is measured, at this share. */
  readonly hot?: { readonly remembered: number; readonly share: number };
}

export interface Point extends PointJob {
  readonly cpuMicros: number;
  readonly seconds: number;
  readonly findings: number;
  readonly rssBytes: number;
}

const days = 86_400_000;
/** Between two transactions of one account: the rules about frequency stay quiet, at every length of history. */
const gapMs = 3 * 3_600_000;

/** So many rules: those of the catalogue again and again, under names of their own. */
export const manyRules = (count: number): readonly FraudRule[] =>
  Array.from({ length: count }, (_, index) => {
    const rule = fraudRules[index % fraudRules.length]!;
    return index < fraudRules.length ? rule : { ...rule, id: `${rule.id}-${Math.floor(index / fraudRules.length)}` };
  });

/** A transfer: of the hot account a card would make the rules about frequency speak, and findings are not the question. */
const transferOf = (account: string, index: number, at: number): string =>
  `{"id":"t-${index}","accountId":"${account}","customerId":"cus-${account}","occurredAt":"${new Date(at).toISOString()}",` +
  `"amount":{"value":"${10 + (index % 40)}.00","currency":"EUR"},"direction":"debit","status":"booked","channel":"transfer",` +
  `"counterparty":{"name":"Somebody","country":"BG"},"balanceAfter":{"value":"5123.45","currency":"EUR"}}`;

const purchaseOf = (account: string, index: number, at: number): string =>
  `{"id":"t-${index}","accountId":"${account}","customerId":"cus-${account}","occurredAt":"${new Date(at).toISOString()}",` +
  `"amount":{"value":"${10 + (index % 40)}.00","currency":"EUR"},"direction":"debit","status":"authorised","channel":"card-present",` +
  `"merchant":{"id":"m-1","name":"Corner Coffee","mcc":"5814","country":"BG","city":"Sofia","latitude":42.6977,"longitude":23.3219,"terminalId":"m-1-t1"},` +
  `"card":{"token":"card-${account}","last4":"4242","entryMode":"chip"}}`;

export async function measurePoint(job: PointJob): Promise<Point> {
  const { partitions, accounts, history, rules, records, hot } = job;
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-growth-'));
  const store = await embedded({ folder });
  const counts = { stage: partitions, delivery: 1, outside: 1 };
  const specs = topicSpecs(channelIds, counts);
  await store.log.createTopics(specs);
  let processed = 0;
  let findings = 0;
  const stage = detectStage({ rules: manyRules(rules), conditions: customerConditions });
  const running = await runStage({
    stage,
    log: store.log,
    state: store.state,
    partitions: Object.fromEntries(specs.map(({ name, partitions: count }) => [name, count])),
    deadLettersTopic: topicNames.deadLetters,
    metrics: {
      ...noMetrics,
      records: (_stage, _outcome, count) => void (processed += count),
      outputs: (_stage, count) => void (findings += count),
    },
  });
  const now = Date.now();
  const toRecord = asIngest(partitions);
  const visits = new Map<string, number>();
  let appended = 0;
  /** Time goes on for each account by itself; the last of all of them is now. */
  const next = (account: string, visitsInAll: number): Appending => {
    const visit = visits.get(account) ?? 0;
    visits.set(account, visit + 1);
    const at = now - (visitsInAll - visit) * gapMs;
    const of = hot === undefined ? purchaseOf : transferOf;
    return toRecord(account, of(account, appended++, at), now);
  };
  const feed = async (count: number, make: (index: number) => Appending): Promise<void> => {
    for (let from = 0; from < count; from += 2_000) {
      await store.log.append(Array.from({ length: Math.min(2_000, count - from) }, (_, index) => make(from + index)));
      // The log need not hold what is only there to be remembered.
      while (appended - processed > 20_000) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    while (processed < appended) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  try {
    const perAccount = Math.ceil(records / accounts);
    const visitsInAll = history + perAccount + 1;
    await feed(accounts * history, (index) => next(`acc-${index % accounts}`, visitsInAll));
    const hotVisits = (hot?.remembered ?? 0) + records + 1;
    const hotAt = (): Appending => {
      const visit = visits.get('hot') ?? 0;
      visits.set('hot', visit + 1);
      // A busy merchant: many in a second, all of them within the last days.
      return toRecord(
        'hot',
        transferOf('hot', appended++, now - Math.floor(((hotVisits - visit) * 3 * days) / hotVisits)),
        now,
      );
    };
    await feed(hot?.remembered ?? 0, hotAt);
    const every = hot === undefined || hot.share === 0 ? Infinity : Math.round(1 / hot.share);
    // Built before the clock starts: only what detect does with them counts.
    const measured = Array.from({ length: records }, (_, index) =>
      index % every === 0 && every !== Infinity ? hotAt() : next(`acc-${(index * 7_919) % accounts}`, visitsInAll),
    );
    const findingsBefore = findings;
    const cpu = process.cpuUsage();
    const began = performance.now();
    for (let from = 0; from < records; from += 4_000) await store.log.append(measured.slice(from, from + 4_000));
    while (processed < appended) await new Promise((resolve) => setTimeout(resolve, 2));
    const { user, system } = process.cpuUsage(cpu);
    return {
      ...job,
      cpuMicros: (user + system) / records,
      seconds: (performance.now() - began) / 1_000,
      findings: findings - findingsBefore,
      rssBytes: process.memoryUsage().rss,
    };
  } finally {
    await running.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
