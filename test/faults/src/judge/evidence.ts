import type { LedgerRow, Log, LogRecord } from '@tocsin/core';
import { dump, header, json, keyOfDelivery, ledgerByKey, readByKcat, secrets, tenant } from '@tocsin/test-e2e';
import { bankTopic } from '../bed/ground.ts';
import type { Ground } from '../bed/ground.ts';
import { reachOf } from '../bank/workload.ts';
import type { Memory } from '../memory.ts';

/* The topics by their names, as docs/topics.md has them: who judges the product does not ask it where to look. */
const channels = ['messenger', 'sms', 'email'] as const;
const lanes = ['urgent', 'routine'] as const;
const deliveryTopics = channels.flatMap((channel) =>
  lanes.map((lane) => ({ channel, topic: `deliveries.${channel}.${lane}` })),
);

interface Item {
  readonly amount?: { readonly minor: number; readonly currency: string };
}

/** Everything that the oracle judges by, as plain JSON. */
export const evidenceOf = (bed: Ground, memory: Memory): Promise<object> =>
  bed.withLog((log) => evidenceIn(log, bed, memory));

async function evidenceIn(log: Log, bed: Ground, memory: Memory): Promise<object> {
  const { workload } = bed;
  const ruleSets: object[] = [];
  const transactions: object[] = [];
  for (const record of await everOn('account-events', log, memory)) {
    const { partition, offset } = record;
    const value = json<{
      type: string;
      transaction?: { id: string; accountId: string };
      ruleSet?: { version: number; rules: Record<string, { mode?: string }> };
    }>(record);
    if (value.type === 'transaction') {
      const { id, accountId } = value.transaction!;
      transactions.push({ partition, offset, id, accountId });
    }
    if (value.type === 'rule-set') {
      const { version, rules } = value.ruleSet!;
      const off = Object.keys(rules).filter((id) => rules[id]!.mode !== undefined && rules[id]!.mode !== 'live');
      ruleSets.push({ partition, offset, version, off });
    }
  }
  const bank = (await readByKcat(bed.bankBrokers.join(), bankTopic)).map(({ value, ...place }) => ({
    ...place,
    value: value?.toString('base64') ?? null,
  }));
  const rejected = (await dump(log, 'rejected'))
    .filter((record) => header(record, 'tocsin-origin-topic') === bankTopic)
    .map((record) => ({
      partition: Number(header(record, 'tocsin-origin-partition')),
      offset: Number(header(record, 'tocsin-origin-offset')),
      code: header(record, 'tocsin-code'),
    }));
  const { deliveries, attempted } = await deliveriesIn(log, memory);
  const ledger = (await dump(log, 'ledger')).map((record) => json<LedgerRow>(record));
  const listed = ledger.map(({ deliveryId }) => deliveryId);
  const keys = [...attempted, ...listed].map((id) => keyOfDelivery(secrets.installation, tenant, id));
  const { accounts, now } = workload.setUp;
  return {
    setUp: {
      now,
      accounts,
      customers: workload.setUp.customers.map((one) => ({ id: one.id, reach: reachOf(one) })),
    },
    bank,
    ruleSets,
    transactions,
    rejected,
    sent: bed.outbox.all().map(({ customer, channel, to, text, key, seen, place, at, outcome }) => ({
      customerId: customer?.id ?? null,
      channel,
      to,
      text,
      key,
      seen,
      place,
      at,
      outcome,
    })),
    taken: memory.taken,
    faults: memory.faults,
    deliveries,
    attempted: [...new Set(keys)],
    doubts: doubtsAbout(deliveries, ledger),
  };
}

/** Further than any offset reaches. */
const eraLength = 1e12;

/** What a topic has ever held, also before it was created anew; offsets go on rising from one topic to the next. */
async function everOn(topic: string, log: Log, { buried }: Memory): Promise<readonly LogRecord[]> {
  const eras = buried.filter((one) => one.topic === topic).map(({ records }) => records);
  return [...eras, await dump(log, topic)].flatMap((records, era) =>
    records.map((record) => ({ ...record, offset: record.offset + era * eraLength })),
  );
}

interface Told {
  readonly id: string;
  readonly customerId: string;
  readonly channel: string;
  /** `12.34 EUR` */
  readonly amount: string;
  readonly offset: number;
}

interface Deliveries {
  /** Every payment in every delivery, in the order of each log. A customer has one partition in each of them. */
  readonly deliveries: readonly Told[];
  /** Of which an attempt stands there. */
  readonly attempted: readonly string[];
}

async function deliveriesIn(log: Log, memory: Memory): Promise<Deliveries> {
  const deliveries: Told[] = [];
  const attempted: string[] = [];
  for (const { channel, topic } of deliveryTopics) {
    for (const record of await everOn(topic, log, memory)) {
      const { type, id, deliveryId, customerId, content } = json<{
        type: string;
        id: string;
        deliveryId?: string;
        customerId: string;
        content?: { items: readonly Item[] };
      }>(record);
      if (type === 'attempt') attempted.push(deliveryId!);
      if (type !== 'delivery') continue;
      for (const { amount } of content?.items ?? []) {
        if (amount === undefined) continue;
        const text = `${(amount.minor / 100).toFixed(2)} ${amount.currency}`;
        deliveries.push({ id, customerId, channel, amount: text, offset: record.offset });
      }
    }
  }
  return { deliveries, attempted };
}

/**
 * Payments in deliveries of which the ledger says that nobody knows whether they arrived, and since when it says so. The
 * customer's own history would say it too, but keeps only the newest alerts.
 */
function doubtsAbout(deliveries: readonly Told[], ledger: readonly LedgerRow[]): readonly Doubt[] {
  const since = new Map<string, number>();
  for (const { rows } of ledgerByKey({ ledger, secret: secrets.installation, tenant }).values()) {
    const unknown = rows.findLast(({ outcome }) => outcome === 'unknown');
    if (unknown !== undefined) since.set(unknown.deliveryId, unknown.at);
  }
  return deliveries.flatMap(({ id, customerId, amount }) => {
    const at = since.get(id);
    return at === undefined ? [] : [{ payment: `${customerId} ${amount}`, at }];
  });
}

interface Doubt {
  /** `<customer> <amount> <currency>` */
  readonly payment: string;
  readonly at: number;
}

const stageInputs = ['account-events', 'customer-events', ...deliveryTopics.map(({ topic }) => topic)];

/** Records that stand twice in a log that a stage reads, by what they say of their origin: a replay wrote them again. */
export async function reproductions(log: Log): Promise<number> {
  let count = 0;
  for (const topic of stageInputs) {
    const newest = new Map<string, readonly [number, number]>();
    for (const record of await dump(log, topic)) {
      const [source, place] = header(record, 'src')?.split('@') ?? [];
      if (source === undefined || place === undefined) continue;
      const [offset, index] = place.split('.').map(Number) as [number, number];
      const key = `${record.partition} ${source}`;
      const before = newest.get(key);
      if (before !== undefined && (offset < before[0] || (offset === before[0] && index <= before[1]))) count += 1;
      else newest.set(key, [offset, index]);
    }
  }
  return count;
}

/** When what only the newer build writes was appended: it shows when that build stood in the product's place. */
export const ofNewerBuild = async (log: Log): Promise<readonly number[]> =>
  (await dump(log, 'cases'))
    .filter(({ key }) => key !== null && Buffer.from(key).toString() === 'bank:extra')
    .map(({ timestamp }) => timestamp);
