import { createHash, createHmac } from 'node:crypto';
import { deliverStage, jobKey, topicNames } from '@tocsin/core';
import type {
  Appended,
  BarrierAnswer,
  BarrierQuestion,
  Companion,
  DeliverRecord,
  Entries,
  Instant,
  Job,
  LedgerRow,
  Output,
  PartitionView,
  ReceiptRecord,
  Span,
  Stage,
  StepContext,
  Timer,
} from '@tocsin/core';
import type { ExecutorClock } from '../executor-clock.ts';

/*
 * One partition of `deliver`: a log that several owners read, each with a fold of its own, and a clock that is turned by
 * hand. An owner that does not read is one that the world has left behind: late, but not dead.
 */

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
export const keyed = (text: string): string => createHmac('sha256', 'a key for tests').update(text).digest('hex');
export const start = Date.UTC(2026, 2, 3, 8, 0, 0);

/** Lets everything happen that needs no time to pass. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

export class HandClock implements ExecutorClock {
  #now = start;
  #timers: { at: number; call: () => void }[] = [];

  now(): Instant {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - start;
  }

  after(span: Span, call: () => void): () => void {
    const timer = { at: this.#now + span, call };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Everything that is due by then happens in its order, each with its consequences. */
  async advance(span: Span): Promise<void> {
    const until = this.#now + span;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
      await settle();
    }
    this.#now = until;
  }
}

/** What a test puts into the log. */
export type Put = DeliverRecord | { readonly type: 'tick' };

export class SharedLog {
  readonly records: { readonly key: string; readonly json: string; readonly at: Instant }[] = [];
  readonly readers = new Set<() => void>();
  readonly clock: Pick<ExecutorClock, 'now'>;
  /** Set: appends are refused. */
  broken = false;

  constructor(clock: Pick<ExecutorClock, 'now'>) {
    this.clock = clock;
  }

  put(...values: readonly Put[]): void {
    for (const value of values) this.records.push({ key: '', json: JSON.stringify(value), at: this.clock.now() });
    for (const read of this.readers) read();
  }

  async append(records: readonly { readonly key: string; readonly value: object }[]): Promise<readonly Appended[]> {
    await Promise.resolve();
    if (this.broken) throw new Error('The log is away.');
    const from = this.records.length;
    this.put(...records.map(({ value }) => value as DeliverRecord));
    return records.map((_, i) => ({ topic: 't', partition: 0, offset: from + i }));
  }

  of<T>(type: string): readonly T[] {
    return this.records
      .map(({ json }) => JSON.parse(json) as { type: string } & T)
      .filter((value) => value.type === type);
  }
}

/** One owner of the partition: the real fold, and a companion beside it. */
export class Owner implements PartitionView {
  readonly stage: string;
  readonly topic: string;
  readonly partition = 0;
  readonly token: string;
  readonly outputs: Output[] = [];
  lost = false;
  held = false;
  /** False: it has stopped reading, and does not know it. */
  awake = true;
  clockAt: Instant = 0;
  readonly #stage: Stage<DeliverRecord>;
  readonly #log: SharedLog;
  readonly #companion: Companion;
  readonly #entries = new Map<string, { value: unknown; expiresAt: Instant }>();
  readonly #touched = new Map<string, Set<string>>();
  readonly #timers = new Map<string, Timer>();
  readonly #read = (): void => this.read();
  #next = 0;

  constructor(
    token: string,
    log: SharedLog,
    companion: Companion,
    options: { readonly lane?: 'urgent' | 'routine' } = {},
  ) {
    this.#stage = deliverStage({ channel: 'sms', lane: options.lane ?? 'urgent', digest: sha256 });
    this.stage = this.#stage.name;
    this.topic = this.#stage.input;
    this.token = token;
    this.#log = log;
    this.#companion = companion;
    this.#fold();
    log.readers.add(this.#read);
    companion.caughtUp(this);
  }

  /** Folds what is new, unless asleep or held. */
  read(): void {
    if (this.lost || this.held || !this.awake || this.#next === this.#log.records.length) return;
    this.#fold();
    // As in the engine, the companion hears of it after the slice, not within it.
    setImmediate(() => {
      if (!this.lost) this.#companion.changed(this);
    });
  }

  lose(): void {
    this.lost = true;
    this.#log.readers.delete(this.#read);
    this.#companion.lost(this);
  }

  get<T>(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.expiresAt > this.clockAt ? (entry.value as T) : undefined;
  }

  *resident<T>(prefix: string): Iterable<readonly [string, T]> {
    for (const key of [...this.#entries.keys()].filter((name) => name.startsWith(prefix)).sort()) {
      const value = this.get<T>(key);
      if (value !== undefined) yield [key, value];
    }
  }

  touched(prefix: string): Iterable<string> {
    const touched = this.#touched.get(prefix) ?? new Set(this.#entries.keys());
    this.#touched.set(prefix, new Set());
    return [...touched].filter((key) => key.startsWith(prefix));
  }

  #write(key: string, entry: { value: unknown; expiresAt: Instant } | undefined): void {
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
    for (const keys of this.#touched.values()) keys.add(key);
  }

  async load<T>(keys: readonly string[]): Promise<readonly (T | undefined)[]> {
    await Promise.resolve();
    if (this.lost) throw new Error('The partition is lost.');
    return keys.map((key) => structuredClone(this.get<T>(key)));
  }

  append(records: readonly { readonly key: string; readonly value: object }[]): Promise<readonly Appended[]> {
    return this.#log.append(records);
  }

  hold(on: boolean): void {
    const released = this.held && !on;
    this.held = on;
    if (released) setImmediate(this.#read);
  }

  job(deliveryId: string): Job | undefined {
    return this.get<Job>(jobKey(deliveryId));
  }

  get receipts(): readonly ReceiptRecord[] {
    return this.outputs
      .filter(({ topic }) => topic === topicNames.customerEvents)
      .map(({ value }) => value as ReceiptRecord);
  }

  get told(): readonly string[] {
    return this.receipts.map(({ deliveryId, state, code }) => [deliveryId, state, code].filter(Boolean).join(' '));
  }

  get ledger(): readonly LedgerRow[] {
    return this.outputs.filter(({ topic }) => topic === topicNames.ledger).map(({ value }) => value as LedgerRow);
  }

  #fold(): void {
    for (; this.#next < this.#log.records.length; this.#next++) {
      const { json, at } = this.#log.records[this.#next]!;
      this.clockAt = Math.max(this.clockAt, at);
      this.#fireTimers(at);
      if (json.startsWith('{"type":"tick"')) continue;
      const value = new TextEncoder().encode(json);
      const record = this.#stage.decode({
        topic: this.topic,
        partition: 0,
        offset: this.#next,
        timestamp: at,
        key: null,
        value,
        headers: {},
      });
      this.#stage.step(this.#context(this.clockAt, at), record);
    }
  }

  #fireTimers(recordAt: Instant): void {
    for (;;) {
      const due = [...this.#timers.values()]
        .filter((timer) => timer.due <= this.clockAt)
        .sort((a, b) => a.due - b.due)[0];
      if (due === undefined) return;
      this.#timers.delete(due.key);
      this.#stage.onTimer!(this.#context(due.due, recordAt), due);
    }
  }

  #context(at: Instant, recordAt: Instant): StepContext {
    const entries: Entries = {
      get: (key) => this.get(key),
      put: (key, value, expiresAt) => this.#write(key, { value, expiresAt: expiresAt ?? Infinity }),
      delete: (key) => this.#write(key, undefined),
      resident: (prefix) => this.resident(prefix),
    };
    return {
      at,
      recordAt,
      partition: 0,
      offset: this.#next,
      entries,
      timers: {
        set: (timer) => void this.#timers.set(timer.key, timer),
        cancel: (key) => void this.#timers.delete(key),
      },
      emit: (output) => void this.outputs.push(output),
      count: () => {},
    };
  }
}

/** Barriers in memory: the answer is as new as the moment in which it is given. */
export class MemoryBarriers {
  readonly raised = new Map<string, BarrierAnswer['barrier']>();
  killed: string | null = null;
  broken = false;
  asked = 0;
  /** Waits before the answer is made. */
  before: () => Promise<void> = () => Promise.resolve();

  raise(customerId: string, offset: number, verdict: 'allow' | 'deny' | 'wait'): void {
    const known = this.raised.get(customerId);
    if (known == null || offset > known.offset) this.raised.set(customerId, { offset, channel: '*', verdict });
  }

  async ask(questions: readonly BarrierQuestion[]): Promise<readonly BarrierAnswer[]> {
    this.asked += 1;
    await this.before();
    if (this.broken) throw new Error('The store is away.');
    return questions.map(({ customerId }) => ({ barrier: this.raised.get(customerId) ?? null, killed: this.killed }));
  }
}
