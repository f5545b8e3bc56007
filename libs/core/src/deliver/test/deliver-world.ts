import type { ReceiptRecord } from '../../records/customer.ts';
import type {
  AttemptRecord,
  ContactRecord,
  DeliverRecord,
  DeliveryRecord,
  OutcomeRecord,
  RedriveRecord,
} from '../../records/delivery.ts';
import type { DeadLetter, LedgerRow } from '../../records/outside.ts';
import type { Entries, Output, Stage, StepContext, Timer } from '../../stage.ts';
import { hours, seconds } from '../../time.ts';
import type { Instant, Span } from '../../time.ts';
import { topicNames } from '../../topics.ts';
import type { Digest } from '../../ports/digest.ts';
import { deliverStage } from '../deliver-stage.ts';
import type { DeliverStageOptions } from '../deliver-stage.ts';
import { jobKey } from '../job.ts';
import type { Job } from '../job.ts';

/* One partition of `deliver` in memory, strict: what a step did not name it cannot read. */

export const start = Date.UTC(2026, 2, 3, 8, 0, 0);

export const aDelivery = (changes: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  type: 'delivery',
  version: 1,
  id: 'a1/sms/1',
  alertId: 'a1',
  tenantId: 'bank',
  customerId: 'cus-1',
  channel: 'sms',
  lane: 'urgent',
  priority: 0,
  purpose: 'fraud-protection',
  content: {
    kind: 'fraud-check',
    items: [{ amount: { minor: 1250, currency: 'EUR' }, merchant: 'Cafe' }],
    reasons: [],
  },
  expiresAt: start + hours(24),
  ...changes,
});

export const aContact = (changes: Partial<ContactRecord> = {}): ContactRecord => ({
  type: 'contact',
  version: 1,
  id: 'bank/cus-1/sms',
  tenantId: 'bank',
  customerId: 'cus-1',
  channel: 'sms',
  sourceOffset: 10,
  address: '+359888000001',
  language: 'en',
  timeZone: 'Europe/Sofia',
  stopped: false,
  privacy: 'shown',
  allowed: {
    'fraud-protection': {
      classes: ['existence', 'amount', 'merchant', 'time', 'last4'],
      ground: { kind: 'consent', consentId: 'c-1' },
    },
  },
  ...changes,
});

export const aRedrive = (id: string, delivery = aDelivery()): RedriveRecord => ({
  type: 'redrive',
  version: 1,
  id,
  deliveryId: delivery.id,
  tenantId: delivery.tenantId,
  customerId: delivery.customerId,
  delivery,
});

export class DeliverWorld {
  readonly outputs: Output[] = [];
  readonly counts: string[] = [];
  readonly #stage: Stage<DeliverRecord>;
  readonly #entries = new Map<string, { value: unknown; expiresAt: Instant }>();
  readonly #timers = new Map<string, Timer>();
  #now = start;
  #offset = -1;

  constructor(options: Partial<DeliverStageOptions> & { readonly digest: Digest }) {
    this.#stage = deliverStage({ channel: 'sms', lane: 'urgent', ...options });
  }

  get now(): Instant {
    return this.#now;
  }

  get timers(): readonly Timer[] {
    return [...this.#timers.values()];
  }

  in(span: Span): this {
    this.#now += span;
    this.#offset += 1;
    return this.#runTimers();
  }

  given(...records: readonly DeliverRecord[]): this {
    for (const record of records) {
      this.#offset += 1;
      this.#runTimers();
      const value = new TextEncoder().encode(JSON.stringify(record));
      const read = this.#stage.decode({
        topic: this.#stage.input,
        partition: 0,
        offset: this.#offset,
        timestamp: this.#now,
        key: null,
        value,
        headers: {},
      });
      this.#stage.step(this.#context(this.#stage.keys(read), this.#now), read);
    }
    return this;
  }

  attempt(n: number, by = 'me', deliveryId = 'a1/sms/1'): this {
    const record: AttemptRecord = {
      type: 'attempt',
      version: 1,
      id: `${deliveryId}#${n}`,
      deliveryId,
      tenantId: 'bank',
      customerId: 'cus-1',
      attempt: n,
      by,
      deadlineAt: this.#now + seconds(35),
      disclosure: {
        provider: 'Twilio',
        providerAccount: 'AC1',
        channel: 'sms',
        purpose: 'fraud-protection',
        ground: { kind: 'consent', consentId: 'c-1' },
        classes: ['existence', 'amount'],
        fields: ['kind', 'amount'],
        template: 'fraud-check/en/1',
      },
    };
    return this.given(record);
  }

  outcome(n: number, outcome: OutcomeRecord['outcome'], by: string | null = 'me', deliveryId = 'a1/sms/1'): this {
    return this.given({
      type: 'outcome',
      version: 1,
      id: `${deliveryId}#${n}`,
      deliveryId,
      tenantId: 'bank',
      customerId: 'cus-1',
      attempt: n,
      ...(by === null ? {} : { by }),
      outcome,
    });
  }

  job(deliveryId = 'a1/sms/1'): Job | undefined {
    return this.state<Job>(jobKey(deliveryId));
  }

  state<T>(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.expiresAt > this.#now ? (entry.value as T) : undefined;
  }

  #of<T>(topic: string): readonly T[] {
    return this.outputs.filter((output) => output.topic === topic).map(({ value }) => value as T);
  }

  get receipts(): readonly ReceiptRecord[] {
    return this.#of<ReceiptRecord>(topicNames.customerEvents);
  }

  /** `id state code` of each receipt. */
  get told(): readonly string[] {
    return this.receipts.map(({ id, code }) => (code === undefined ? id : `${id} ${code}`));
  }

  get ledger(): readonly LedgerRow[] {
    return this.#of<LedgerRow>(topicNames.ledger);
  }

  get deadLetters(): readonly DeadLetter[] {
    return this.#of<DeadLetter>(topicNames.deadLetters);
  }

  #runTimers(): this {
    for (;;) {
      const due = [...this.#timers.values()]
        .filter((timer) => timer.due <= this.#now)
        .sort((a, b) => a.due - b.due || (a.key < b.key ? -1 : 1))[0];
      if (due === undefined) return this;
      this.#timers.delete(due.key);
      this.#stage.onTimer!(this.#context(due.keys, due.due), due);
    }
  }

  #context(keys: readonly string[], at: Instant): StepContext {
    const named = new Set(keys);
    const allow = (key: string): void => {
      if (!key.startsWith('!') && !named.has(key)) throw new Error(`The step did not name ${key}.`);
    };
    const entries: Entries = {
      get: <T>(key: string) => {
        allow(key);
        const value = this.state<T>(key);
        return value === undefined ? undefined : structuredClone(value);
      },
      put: (key, value, expiresAt) => {
        allow(key);
        this.#entries.set(key, { value: structuredClone(value), expiresAt: expiresAt ?? Infinity });
      },
      delete: (key) => {
        allow(key);
        this.#entries.delete(key);
      },
      resident: () => [],
    };
    return {
      at,
      recordAt: this.#now,
      partition: 0,
      offset: this.#offset,
      entries,
      timers: {
        set: (timer) => void this.#timers.set(timer.key, structuredClone(timer)),
        cancel: (key) => void this.#timers.delete(key),
      },
      emit: (output) => void this.outputs.push(structuredClone(output)),
      count: (name, labels) => void this.counts.push(`${name} ${Object.values(labels).join(' ')}`),
    };
  }
}
