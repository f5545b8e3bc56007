import type { Companion, Instant, Log, Span, Stage, StateStore } from '@tocsin/core';
import type { EngineClock } from './engine-clock.ts';
import type { EngineLogger, EngineMetrics } from './engine-metrics.ts';

/** Sizes and times of the engine; the defaults are `defaultLimits`. */
export interface EngineLimits {
  /** How long a slot stays taken without a checkpoint. Matters only where partitions are assigned without a group. */
  readonly leaseMs: Span;
  /** From one checkpoint of a partition that changes to the next; the partitions take turns within it. */
  readonly checkpointMs: Span;
  /** Entries of one checkpoint, where a single record does not change more. */
  readonly checkpointEntries: number;
  /** Bytes of one checkpoint, by the size that entries had when last encoded. */
  readonly checkpointBytes: number;
  /** Records applied before outputs are appended. */
  readonly sliceRecords: number;
  /** Entries changed before outputs are appended. */
  readonly sliceDirtyEntries: number;
  /** Bytes of outputs before they are appended. */
  readonly sliceOutputBytes: number;
  /** Decoded cold entries kept in memory, over all partitions; those not yet saved are kept in any case. */
  readonly cacheEntries: number;
  /** Keys of one fenced read. */
  readonly readKeys: number;
  /** How long a fenced owner waits before it looks whether the partition is still its own. */
  readonly fencedWaitMs: Span;
  /** First wait after an error; doubles up to `retryMostMs`. */
  readonly retryMs: Span;
  readonly retryMostMs: Span;
  /** How often paced work (checkpoints, ticks, lag) is looked for. */
  readonly pulseMs: Span;
  /** At most one tick of a partition in this time. */
  readonly tickMs: Span;
  /** How often expired entries are swept from the store, per partition that changes. */
  readonly sweepMs: Span;
  /** How often the lag is measured. */
  readonly lagMs: Span;
}

export const defaultLimits: EngineLimits = {
  leaseMs: 10_000,
  checkpointMs: 1_000,
  checkpointEntries: 2_000,
  checkpointBytes: 2 * 1024 * 1024,
  sliceRecords: 2_000,
  sliceDirtyEntries: 1_000,
  sliceOutputBytes: 4 * 1024 * 1024,
  cacheEntries: 100_000,
  readKeys: 2_000,
  fencedWaitMs: 1_500,
  retryMs: 100,
  retryMostMs: 5_000,
  pulseMs: 100,
  tickMs: 1_000,
  sweepMs: 10_000,
  lagMs: 5_000,
};

export type StartAt = 'earliest' | 'latest' | { readonly at: Instant };

export interface StageRunnerOptions<In = unknown> {
  readonly stage: Stage<In>;
  readonly log: Log;
  readonly state: StateStore;
  /** How many partitions the input topic (unless it is foreign), each output topic and the dead-letters topic have. */
  readonly partitions: Readonly<Record<string, number>>;
  /** The consumer group. Default: the stage's name. */
  readonly group?: string;
  /**
   * Whether an assignment takes the slot over from a living lease: true (default) where a consumer group assigns, false
   * where partitions are assigned by plan, so that only the lease says who works.
   */
  readonly takeOver?: boolean;
  /** Where a partition without a position begins. Default: `earliest`, with the first record that is kept. */
  readonly startAt?: StartAt;
  /** Without one, whatever would have to become a dead letter stops the partition. */
  readonly deadLettersTopic?: string;
  /** Made once, at start; acts beside each partition that is owned. */
  readonly companion?: () => Companion;
  readonly limits?: Partial<EngineLimits>;
  readonly metrics?: EngineMetrics;
  readonly logger?: EngineLogger;
  readonly clock?: EngineClock;
}
