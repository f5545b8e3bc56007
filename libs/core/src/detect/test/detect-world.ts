import type { AccountRecord, TransactionRecord } from '../../records/account.ts';
import type { CustomerBankAnswerRecord, FindingRecord } from '../../records/customer.ts';
import { bankRecordOf, bankValueHeader } from '../../records/raw-record.ts';
import { defineCondition, thresholdIn } from '../../rules/condition.ts';
import { fired, quiet } from '../../rules/decision.ts';
import { count } from '../../rules/features.ts';
import { debits, declinesBut } from '../../rules/population.ts';
import { defineRule } from '../../rules/rule.ts';
import type { Entries, Output, Stage } from '../../stage.ts';
import { hours } from '../../time.ts';
import type { Instant } from '../../time.ts';
import type { Transaction } from '../../transaction.ts';
import { detectStage } from '../detect-stage.ts';

/* One partition of detect in memory, and strict: what a step did not name it cannot use, what it did not put is lost. */

export const start = Date.UTC(2026, 2, 3, 8, 0, 0);
export const tenantId = 'bank';

const common = { version: '1.0.0', severity: 'medium', audience: 'customer', sentence: 'Was it you?' } as const;

/** Fires from the second debit within an hour on, and says how many there were. */
export const twice = defineRule({
  ...common,
  id: 'twice',
  title: 'Twice within an hour',
  family: 'velocity',
  needs: ['occurredAt.time'],
  defaults: { limit: 2, score: 0.5 },
  features: ({ limit }) => ({ debits: count(debits, { within: hours(1), upTo: limit }) }),
  decide: (tx, features, { limit, score }) =>
    debits.includes(tx) && features.debits.n >= limit
      ? fired(score, `${features.debits.n} debits`, { observed: features.debits.n })
      : quiet,
});

/** Fires for every declined debit with how many there were, and knows nothing else. */
export const refused = defineRule({
  ...common,
  id: 'refused',
  title: 'Refused',
  family: 'declines',
  needs: ['occurredAt.time'],
  defaults: {},
  features: () => ({ declines: count(declinesBut([]), { within: hours(1) }) }),
  decide: (tx, { declines }) => (tx.status === 'declined' ? fired(0.3, `${declines.n} refused`, {}) : quiet),
});

/** Holds for every payment from the holder's amount on. */
export const large = defineCondition({
  id: 'large',
  title: 'Large',
  version: '1.0.0',
  needs: [],
  defaults: { amount: 50 },
  sentence: '{amount}',
  features: () => ({}),
  decide(tx, _features, { setting, parameters }) {
    const threshold = thresholdIn(tx.amount.currency, setting, parameters.amount)!;
    return debits.includes(tx) && tx.amount.minor >= threshold.minor
      ? { kind: 'holds', evidence: { thresholdMinor: threshold.minor } }
      : { kind: 'quiet' };
  },
});

/** Holds whenever the balance is another one than last time. */
export const moved = defineCondition<Record<never, never>, Record<never, never>, number>({
  id: 'moved',
  title: 'Moved',
  version: '1.0.0',
  needs: ['balanceAfter'],
  defaults: {},
  sentence: '{balance}',
  edgeTriggered: true,
  features: () => ({}),
  decide: (tx, _features, { memory }) =>
    tx.balanceAfter!.minor === memory
      ? { kind: 'quiet' }
      : { kind: 'holds', evidence: { before: memory ?? null }, memory: tx.balanceAfter!.minor },
});

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
type Change = DistributiveOmit<Exclude<AccountRecord, TransactionRecord>, 'version' | 'tenantId'>;

export interface TransactionOptions extends Partial<Transaction> {
  readonly tenantId?: string;
  readonly receivedAt?: Instant;
  readonly alertsFrom?: Instant;
  /** The bank's bytes, where they travel along. */
  readonly raw?: string;
}

export const payment = (id: string, occurredAt: Instant): Transaction => ({
  id,
  lifecycleId: id,
  accountId: 'acc-1',
  customerId: 'cus-1',
  occurredAt,
  precision: 'instant',
  amount: { minor: 1_000, currency: 'EUR' },
  direction: 'debit',
  status: 'booked',
});

/** As an entry is stored: what has a form of its own for it is asked for that, as MessagePack does. */
const stored = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'toJSON' in value ? (value.toJSON as () => unknown)() : value;

export class DetectWorld {
  readonly outputs: Output[] = [];
  readonly counts: string[] = [];
  readonly state = new Map<string, { readonly value: unknown; readonly expiresAt: Instant }>();
  readonly #stage: Stage<AccountRecord>;
  #offset = 0;
  now = start;

  constructor(stage: Stage<AccountRecord> = detectStage({ rules: [twice, refused], conditions: [large, moved] })) {
    this.#stage = stage;
  }

  in(span: number): this {
    this.now += span;
    return this;
  }

  pay(id: string, { tenantId: tenant, receivedAt, alertsFrom, raw, ...transaction }: TransactionOptions = {}): this {
    const bytes = raw === undefined ? null : new TextEncoder().encode(raw);
    const origin = { topic: 'bank', partition: 0, offset: this.#offset };
    const headers = { tocsin: new Uint8Array([255, 1]) };
    const along =
      bytes === null
        ? undefined
        : bankRecordOf(
            { ...origin, timestamp: this.now, key: bytes.slice(0, 3), value: bytes, headers },
            transaction.accountId ?? 'acc-1',
          );
    const record: TransactionRecord = {
      type: 'transaction',
      version: 1,
      tenantId: tenant ?? tenantId,
      transaction: { ...payment(id, this.now), ...transaction },
      receivedAt: receivedAt ?? this.now,
      origin,
      ...(alertsFrom === undefined ? {} : { alertsFrom }),
      ...(along?.bank === undefined ? {} : { bank: along.bank }),
    };
    return this.record(record, along === undefined ? {} : { [bankValueHeader]: along.value });
  }

  change(change: Change): this {
    return this.record({ version: 1, tenantId, ...change });
  }

  record(given: AccountRecord, headers: Readonly<Record<string, Uint8Array>> = {}): this {
    const value = new TextEncoder().encode(JSON.stringify(given));
    const place = { topic: this.#stage.input, partition: 0, offset: this.#offset++, timestamp: this.now };
    const record = this.#stage.decode({ ...place, key: null, value, headers });
    const named = new Set(this.#stage.keys(record));
    for (const key of this.#stage.moreKeys?.(record, this.#entries(named)) ?? []) named.add(key);
    this.#stage.step(
      {
        at: this.now,
        recordAt: this.now,
        partition: 0,
        offset: place.offset,
        entries: this.#entries(named),
        timers: { set: () => {}, cancel: () => {} },
        emit: (output) => void this.outputs.push(structuredClone(output)),
        count: (name, labels) => void this.counts.push([name, ...Object.values(labels)].join(' ')),
      },
      record,
    );
    return this;
  }

  #entries(named: ReadonlySet<string>): Entries {
    const check = (key: string) => {
      if (!key.startsWith('!') && !named.has(key)) throw new Error(`The step did not name ${key}.`);
    };
    return {
      get: <T>(key: string) => {
        check(key);
        const entry = this.state.get(key);
        if (entry === undefined || (entry.expiresAt !== 0 && entry.expiresAt <= this.now)) return undefined;
        return structuredClone(entry.value) as T;
      },
      put: (key, value, expiresAt = 0) => {
        check(key);
        this.state.set(key, { value: structuredClone(stored(value)), expiresAt });
      },
      delete: (key) => {
        check(key);
        this.state.delete(key);
      },
      resident: () => [],
    };
  }

  get findings(): readonly FindingRecord[] {
    return this.#customerEvents().filter((value) => value.type === 'finding');
  }

  get answers(): readonly CustomerBankAnswerRecord[] {
    return this.#customerEvents().filter((value) => value.type === 'bank-answer');
  }

  #customerEvents(): readonly (FindingRecord | CustomerBankAnswerRecord)[] {
    return this.outputs
      .filter(({ topic }) => topic === 'customer-events')
      .map(({ value }) => value as FindingRecord | CustomerBankAnswerRecord);
  }

  get rejected(): readonly Output[] {
    return this.outputs.filter(({ topic }) => topic === 'rejected');
  }

  /** What fired, in the order of the findings: `t-2 cus-1: twice(2 debits) large`. */
  get told(): readonly string[] {
    return this.findings.map(({ transaction, customerId, fired: rules, conditions }) =>
      [
        `${transaction.id} ${customerId}:`,
        ...rules.map(({ rule, summary }) => `${rule}(${summary})`),
        ...conditions.map(({ condition }) => condition),
      ].join(' '),
    );
  }
}
