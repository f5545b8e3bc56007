import type { Count } from './metrics/counters.ts';
import type { LogRecord } from './ports/log.ts';
import type { Instant } from './time.ts';

/*
 * What a stage is: a pure fold over one log. The engine (@tocsin/engine) owns reading, checkpointing, fencing, writing and
 * dropping what was reproduced. A stage sees neither clock nor store nor network; the same records give the same outputs,
 * whoever runs it and however often.
 */

/** The state entries that one step may use: those named by `keys` and `moreKeys`, and every resident one (`!...`). */
export interface Entries {
  /** The value as it was put (a plain object may be changed in place, then `put` again); undefined where absent or expired. */
  get<T>(key: string): T | undefined;
  /**
   * Structured-clone-like plain values only, or an object whose `toJSON` says what is stored of it: `get` returns
   * the object while it is in memory, and later what was stored. With `expiresAt` the entry counts as absent once the stage
   * clock reaches it.
   */
  put(key: string, value: unknown, expiresAt?: Instant): void;
  delete(key: string): void;
  /** All resident entries whose key begins with this (which begins with `!`), in key order. */
  resident<T>(prefix: string): Iterable<readonly [key: string, value: T]>;
}

/** A moment at which the stage wants to be called, on the stage clock. One per key; setting it again moves it. */
export interface Timer {
  readonly key: string;
  readonly due: Instant;
  /** The entries that `onTimer` will use. */
  readonly keys: readonly string[];
  readonly data?: unknown;
}

export interface Timers {
  set(timer: Timer): void;
  cancel(key: string): void;
}

export interface Output {
  readonly topic: string;
  /** `<tenant>:<id>`; decides the partition. */
  readonly key: string;
  /** Written instead of `key`, which then only decides the partition: a rejected record keeps the bank's own key, whatever its bytes. */
  readonly rawKey?: Uint8Array | null;
  /**
   * A tagged record (object), written as JSON; or text or bytes as they are; null is a tombstone. An object is encoded when
   * it is emitted, so it may be part of the state that is changed later.
   */
  readonly value: object | string | Uint8Array | null;
  /** In addition to the provenance header that the engine writes. */
  readonly headers?: Readonly<Record<string, string | Uint8Array>>;
  /** Sent to this partition instead of the one of the key: broadcasts only. */
  readonly partition?: number;
}

export interface StepContext {
  /** The stage clock: the newest append time so far. In `onTimer` it is the time at which the timer was due. */
  readonly at: Instant;
  /** Append time of this very record (not above `at`). */
  readonly recordAt: Instant;
  readonly partition: number;
  /** Offset of the record that is being processed; in `onTimer`, of the record that moved the clock. */
  readonly offset: number;
  readonly entries: Entries;
  readonly timers: Timers;
  readonly emit: (output: Output) => void;
  /** Counts a decision; becomes `tocsin_<name>_total{labels}`. Counted once per processed record, re-productions included. */
  readonly count: Count;
}

export interface Stage<In = unknown> {
  /** Used in provenance, state keys and the consumer group. */
  readonly name: string;
  /** The one topic it reads. */
  readonly input: string;
  /**
   * The input is somebody else's (a topic of the bank's): its partition count is taken as it is, and whatever its headers
   * say, nothing in it is our provenance or our tick.
   */
  readonly foreignInput?: boolean;
  /** Bytes to record. Throws on what cannot be read: such a record becomes a dead letter. */
  decode(record: LogRecord): In;
  /** The entries that this record reads or writes; the engine loads them, fenced, before the step. */
  keys(record: In): readonly string[];
  /** Further entries that can only be named once the first ones are there. */
  moreKeys?(record: In, entries: Entries): readonly string[];
  /** Timers due at or before the record's time run first, in (due, key) order; then the record. */
  step(context: StepContext, record: In): void;
  onTimer?(context: StepContext, timer: Timer): void;
}
