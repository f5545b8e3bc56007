import type { ChannelCapabilities } from '../../channel.ts';
import type { CustomerRecord } from '../../records/customer.ts';
import type { ContactRecord, DeliveryRecord } from '../../records/delivery.ts';
import type { BankRequest, StaffCase } from '../../records/outside.ts';
import type { Entries, Output, Stage, StepContext, Timer } from '../../stage.ts';
import type { Instant } from '../../time.ts';
import { alertStage } from '../alert-stage.ts';
import type { AlertOptions } from '../alert-stage.ts';
import { bytesOf } from '../entry-size.ts';
import type { AlertHistory, ProfileState, QuestionsState } from '../state.ts';
import { clock, customerId, start, tenantId } from './places.ts';

/** Eight FNV-1a runs with different seeds: enough to tell ids apart in a test, and as pure as the code under test. */
export function testDigest(text: string): string {
  let hex = '';
  for (let seed = 0; seed < 8; seed += 1) {
    let h = 0x811c9dc5 ^ Math.imul(seed + 1, 0x9e3779b1);
    for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h ^= h >>> 15;
    hex += (Math.imul(h, 0x85ebca6b) >>> 0).toString(16).padStart(8, '0');
  }
  return hex;
}

const capabilities = (given: Partial<ChannelCapabilities>): ChannelCapabilities => ({
  maxLength: 1000,
  buttons: false,
  receipts: true,
  replies: true,
  window: false,
  perSecond: 10,
  thirdParty: false,
  defaultClasses: ['existence', 'amount', 'merchant', 'time', 'last4'],
  ...given,
});

export const channels = {
  push: capabilities({ defaultClasses: ['existence'], replies: false }),
  messenger: capabilities({ thirdParty: true, window: true, buttons: true }),
  sms: capabilities({}),
  email: capabilities({ receipts: false, replies: false, defaultClasses: ['existence', 'time'] }),
};

interface Emitted extends Output {
  readonly at: Instant;
  readonly json: string;
}

/** A log, a store and a clock for one partition of the alert stage, in memory and strict: what a step did not name it cannot read. */
export class AlertPartition {
  readonly outputs: Emitted[] = [];
  readonly counts: string[] = [];
  readonly consumed: CustomerRecord[] = [];
  #stage: Stage<CustomerRecord>;
  readonly #entries = new Map<string, { value: unknown; expiresAt: Instant }>();
  readonly #timers = new Map<string, Timer>();
  readonly #handedOut = new Map<string, { readonly value: unknown; readonly json: string }>();
  #now = start;
  #offset = 0;
  #id = 0;

  constructor(options: Partial<AlertOptions> = {}) {
    this.#stage = alertStage({ digest: testDigest, channels, ...options });
  }

  /** Goes on with the same state under another configuration. */
  configured(options: Partial<AlertOptions>): this {
    this.#stage = alertStage({ digest: testDigest, channels, ...options });
    return this;
  }

  get now(): Instant {
    return this.#now;
  }

  nextId(prefix = 'r'): string {
    this.#id += 1;
    return `${prefix}-${this.#id}`;
  }

  /** The clock moves, as a tick would move it. */
  to(time: string | Instant): this {
    this.#now = Math.max(this.#now, typeof time === 'string' ? clock(time) : time);
    this.#offset += 1;
    this.#runTimers();
    return this;
  }

  in(span: number): this {
    return this.to(this.#now + span);
  }

  /** Appends one record now; what the stage writes to itself is appended right behind it. */
  record(given: CustomerRecord): this {
    const queue: CustomerRecord[] = [given];
    for (let record = queue.shift(); record; record = queue.shift()) {
      const value = new TextEncoder().encode(JSON.stringify(record));
      const read = this.#stage.decode({
        topic: 'customer-events',
        partition: 0,
        offset: this.#offset,
        timestamp: this.#now,
        key: null,
        value,
        headers: {},
      });
      this.#offset += 1;
      this.consumed.push(read);
      this.#runTimers();
      const named = [...this.#stage.keys(read)];
      named.push(...(this.#stage.moreKeys?.(read, this.#view(new Set(named))) ?? []));
      const from = this.outputs.length;
      this.#stage.step(this.#context(named, this.#now), read);
      this.#assertPut();
      for (const { topic, value: own } of this.outputs.slice(from)) {
        if (topic === 'customer-events') queue.push(own as CustomerRecord);
      }
    }
    return this;
  }

  #runTimers(): void {
    for (;;) {
      const due = [...this.#timers.values()]
        .filter((timer) => timer.due <= this.#now)
        .sort((a, b) => a.due - b.due || (a.key < b.key ? -1 : 1))[0];
      if (!due) return;
      this.#timers.delete(due.key);
      this.#stage.onTimer!(this.#context(due.keys, due.due), due);
      this.#assertPut();
    }
  }

  /** What is changed and not put would be lost, or not, as memory has it: so that no step ever does it. */
  #assertPut(): void {
    for (const [key, { value, json }] of this.#handedOut) {
      if (JSON.stringify(value) !== json) throw new Error(`The step changed ${key} and did not put it.`);
    }
    this.#handedOut.clear();
  }

  #handOut<T>(key: string, value: T): T {
    this.#handedOut.set(key, { value, json: JSON.stringify(value) });
    return value;
  }

  #view(named: ReadonlySet<string>): Entries {
    const allow = (key: string) => {
      if (!key.startsWith('!') && !named.has(key)) throw new Error(`The step did not name ${key}.`);
    };
    return {
      get: <T>(key: string) => {
        allow(key);
        const entry = this.#entries.get(key);
        return entry && entry.expiresAt > this.#now ? this.#handOut(key, structuredClone(entry.value) as T) : undefined;
      },
      put: (key, value, expiresAt) => {
        allow(key);
        this.#handedOut.delete(key);
        this.#entries.set(key, { value: structuredClone(value), expiresAt: expiresAt ?? Infinity });
      },
      delete: (key) => {
        allow(key);
        this.#handedOut.delete(key);
        this.#entries.delete(key);
      },
      resident: () => [],
    };
  }

  #context(named: readonly string[], at: Instant): StepContext {
    return {
      at,
      recordAt: at,
      partition: 0,
      offset: this.#offset,
      entries: this.#view(new Set(named)),
      timers: {
        set: (timer) => void this.#timers.set(timer.key, structuredClone(timer)),
        cancel: (key) => void this.#timers.delete(key),
      },
      emit: (output) => void this.outputs.push({ ...output, at, json: JSON.stringify(output.value) }),
      count: (name, labels) => void this.counts.push(`${name} ${Object.values(labels).join(' ')}`),
    };
  }

  of<T>(type: string): readonly T[] {
    return this.outputs.map(({ value }) => value as { type: string } & T).filter((value) => value.type === type);
  }

  get deliveries(): readonly DeliveryRecord[] {
    return this.of<DeliveryRecord>('delivery').filter(({ withdrawn }) => withdrawn !== true);
  }

  /** Ids of those that were taken back. */
  get withdrawn(): readonly string[] {
    return this.of<DeliveryRecord>('delivery').flatMap(({ id, withdrawn }) => (withdrawn === true ? [id] : []));
  }

  /** `channel:kind` of each delivery, in order. */
  get told(): readonly string[] {
    return this.deliveries.map(({ channel, content }) => `${channel}:${content.kind}`);
  }

  get contacts(): readonly ContactRecord[] {
    return this.of<ContactRecord>('contact');
  }

  contact(channel: string): ContactRecord | undefined {
    return this.contacts.findLast((contact) => contact.channel === channel);
  }

  get cases(): readonly StaffCase[] {
    return this.of<StaffCase>('case');
  }

  get caseKinds(): readonly string[] {
    return this.cases.map(({ kind }) => kind);
  }

  get requests(): readonly BankRequest[] {
    return this.of<BankRequest>('bank-request');
  }

  get labels(): readonly string[] {
    return this.of<{ transactionId: string; label: string }>('label').map((l) => `${l.transactionId}:${l.label}`);
  }

  state<T>(key: string): T | undefined {
    return this.#entries.get(key)?.value as T | undefined;
  }

  profileState(customer = customerId): ProfileState {
    return this.state<ProfileState>(`p:${tenantId}:${customer}`)!;
  }

  history(customer = customerId): AlertHistory {
    return this.state<AlertHistory>(`h:${tenantId}:${customer}`) ?? { alerts: [] };
  }

  questions(customer = customerId): QuestionsState['questions'] {
    return this.state<QuestionsState>(`q:${tenantId}:${customer}`)?.questions ?? [];
  }

  /** The largest entry, in bytes of JSON. */
  get largestEntry(): number {
    return Math.max(...[...this.#entries.values()].map(({ value }) => bytesOf(value)));
  }

  /** Emitted values that were changed afterwards: a stage must not hold on to what it gave away. */
  get altered(): number {
    return this.outputs.filter(({ value, json }) => JSON.stringify(value) !== json).length;
  }
}
