import type { Instant, Span } from '@tocsin/core';
import { passed } from './engine-clock.ts';

export interface Pace {
  /** From one checkpoint of a partition that changes to the next. */
  readonly checkpointMs: Span;
  /** How often what has expired is swept from the store. */
  readonly sweepMs: Span;
  /** How long a slot stays taken without a checkpoint. */
  readonly leaseMs: Span;
}

/** What a partition says of itself when it is asked whether it should be saved. */
export interface Unsaved {
  /** There is something to save. */
  readonly progressed: boolean;
  /** So much that it cannot wait for its turn. */
  readonly full: boolean;
  readonly caughtUp: boolean;
}

/** When one partition is saved, and swept. */
export class CheckpointPace {
  readonly #pace: Pace;
  readonly #partition: number;
  /** Only the lease keeps others away: then an idle owner must renew it. */
  readonly #leased: boolean;
  #dueAt: Instant = 0;
  #savedAt: Instant = 0;
  #sweptAt: Instant = 0;
  /** Since when something has waited to be saved. Kept over a replay: what was thrown away is not saved either. */
  unsavedSince: Instant | null = null;

  constructor(pace: Pace, partition: number, leased: boolean) {
    this.#pace = pace;
    this.#partition = partition;
    this.#leased = leased;
  }

  begin(now: Instant): void {
    this.#dueAt = this.#nextTurn(now);
    this.#savedAt = now;
  }

  /** Checkpoints of the partitions are spread over the interval, so that they do not all fall into one moment. */
  #nextTurn(now: Instant): Instant {
    const interval = this.#pace.checkpointMs;
    const phase = ((this.#partition * 0.618) % 1) * interval;
    return now + interval - ((((now - phase) % interval) + interval) % interval);
  }

  /** A turn that is further away than the next one can be was set by a clock that was put back since. */
  #isTurn(now: Instant): boolean {
    return now >= this.#dueAt || this.#dueAt - now > this.#pace.checkpointMs;
  }

  isDue(now: Instant, { progressed, full, caughtUp }: Unsaved): boolean {
    if (progressed) this.unsavedSince = Math.min(now, this.unsavedSince ?? now);
    else if (caughtUp) this.unsavedSince = null;
    if (progressed) return this.#isTurn(now) || full;
    return this.#leased && passed(now, this.#savedAt, this.#pace.leaseMs / 3);
  }

  saved(now: Instant): void {
    this.#savedAt = now;
    this.unsavedSince = null;
  }

  /** Was it the partition's turn, and not only that so much had gathered? Then the next turn is an interval away. */
  takeTurn(now: Instant): boolean {
    if (!this.#isTurn(now)) return false;
    this.#dueAt = this.#nextTurn(now);
    return true;
  }

  /** To be asked in the partition's turn; true once in `sweepMs`. */
  takeSweep(now: Instant): boolean {
    if (!passed(now, this.#sweptAt, this.#pace.sweepMs)) return false;
    this.#sweptAt = now;
    return true;
  }
}
