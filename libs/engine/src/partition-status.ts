import type { Instant } from '@tocsin/core';

export type PartitionState =
  /** The slot is being taken over. */
  | 'acquiring'
  /** Reading up to the end that was seen when the slot was taken over. */
  | 'catching-up'
  | 'running'
  /** Will acquire again soon: after an error, or because someone else holds the slot. */
  | 'waiting'
  /** Stands still until a person decides. */
  | 'stopped';

/** One partition for `status`, health and pages. */
export interface PartitionStatus {
  readonly partition: number;
  readonly state: PartitionState;
  /** Why it waits or stands still. */
  readonly reason: string | null;
  /** The next input offset, null before the first acquisition. */
  readonly offset: number | null;
  readonly clockAt: Instant | null;
  /** Entries changed since the last checkpoint. */
  readonly dirty: number;
  readonly checkpointAt: Instant | null;
  /** Since when something consumed has not been saved; null while all of it is. */
  readonly unsavedSince: Instant | null;
  /** Re-productions dropped since the assignment. */
  readonly dropped: number;
}
