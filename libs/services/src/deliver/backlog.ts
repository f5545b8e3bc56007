import { jobPrefix } from '@tocsin/core';
import type { Instant, Job, PartitionView, Span } from '@tocsin/core';

/** What waits to be sent, and what is under way. */
export interface Backlog {
  readonly waiting: number;
  /** Of those, tried before. */
  readonly retriesWaiting: number;
  /** Of those, should have been tried again by now. */
  readonly retriesDue: number;
  /** How long the delivery that has been due for longest has waited; 0 where none is due. */
  readonly longestDue: Span;
  /** Attempts whose outcome does not stand in the log yet. */
  readonly open: number;
}

/** Looks through all jobs of these partitions: for whoever asks now and then, not for the executor. */
export function backlogOf(views: Iterable<PartitionView>, wallClock: Instant): Backlog {
  let waiting = 0;
  let retriesWaiting = 0;
  let retriesDue = 0;
  let longestDue = 0;
  let open = 0;
  for (const view of views) {
    // The log's clock may run before ours: what it has already passed is due.
    const now = Math.max(wallClock, view.clockAt);
    for (const [, { attempting, attempts, dueAt }] of view.resident<Job>(jobPrefix)) {
      if (attempting !== undefined) {
        open += 1;
        continue;
      }
      waiting += 1;
      if (dueAt <= now) longestDue = Math.max(longestDue, now - dueAt);
      if (attempts === 0) continue;
      retriesWaiting += 1;
      if (dueAt <= now) retriesDue += 1;
    }
  }
  return { waiting, retriesWaiting, retriesDue, longestDue, open };
}
