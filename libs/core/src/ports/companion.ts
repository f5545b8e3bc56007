import type { Instant } from '../time.ts';
import type { Appended } from './log.ts';

/*
 * A stage is pure. Where one must act on the outside world (deliver: call a provider), a companion runs beside each
 * partition that this process owns: it looks at the state that the fold has reached, acts, and appends what it did to the
 * same partition, where the fold finds it. It never changes state itself.
 */

/** One acquisition of one partition, as the companion sees it. */
export interface PartitionView {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  /** Token of this acquisition. */
  readonly token: string;
  /** True for ever once the partition was revoked, fenced or given up; then nothing may be begun any more. */
  readonly lost: boolean;
  /** The stage clock. */
  readonly clockAt: Instant;
  /** One resident entry, or all of a prefix in key order; the live values of the fold: not to be changed. */
  get<T>(key: string): T | undefined;
  resident<T>(prefix: string): Iterable<readonly [key: string, value: T]>;
  /**
   * Keys of the resident entries of a prefix that were written or deleted since the last call for it, in no order; at the
   * first call all that there are. So whoever follows many of them need not look at each again.
   */
  touched(prefix: string): Iterable<string>;
  /** Cold entries, fenced. Rejects when the partition is lost. */
  load<T>(keys: readonly string[]): Promise<readonly (T | undefined)[]>;
  /** Appends to this partition of the stage's input, without provenance (the records carry ids of their own). */
  append(records: readonly { readonly key: string; readonly value: object }[]): Promise<readonly Appended[]>;
  /** True: fetch no further (too much is waiting); false: go on. */
  hold(on: boolean): void;
}

export interface Companion {
  /** The partition has been read up to the end that was seen at acquisition: from here on acting is allowed. */
  caughtUp(view: PartitionView): void;
  /** Records were folded since the last call. Called after every slice once caught up; must return at once. */
  changed(view: PartitionView): void;
  /** The partition is lost; whatever was in flight must not begin anything new. */
  lost(view: PartitionView): void;
  /** Finishes what is in flight; called before the partitions are released on shutdown. */
  drain(): Promise<void>;
}
