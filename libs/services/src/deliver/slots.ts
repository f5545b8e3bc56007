import type { Span } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';

/** Slots that become free one by one are handed out together: at the latest after that. */
const longestRestMs: Span = 5;
/** And at once, when this share of all is free. */
const shareAtOnce = 1 / 4;
/** What was refused would be refused again at once. */
const restAfterRefusalMs: Span = 100;

/**
 * How many messages may be under way at once. While work waits for slots, each that becomes free is not handed out alone: a
 * message taken up alone pays for a whole round of questions and appends, many together share it.
 */
export class Slots {
  readonly #most: number;
  readonly #clock: ExecutorClock;
  readonly #wakeAll: () => void;
  #used = 0;
  /** Somebody found fewer than there was work for. */
  #wanted = false;
  #rest: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(most: number, clock: ExecutorClock, wakeAll: () => void) {
    this.#most = most;
    this.#clock = clock;
    this.#wakeAll = wakeAll;
  }

  get free(): number {
    return Math.max(0, this.#most - this.#used);
  }

  /** There would have been work for more: who gives some back wakes everybody. */
  want(): void {
    this.#wanted = true;
  }

  take(count: number): void {
    this.#used += count;
  }

  release(): void {
    this.#used -= 1;
    if (!this.#wanted) return;
    if (this.free >= this.#most * shareAtOnce) this.#handOut();
    else this.#handOutIn(longestRestMs);
  }

  /** Taken for what then could not leave. */
  giveBack(count: number): void {
    this.#used -= count;
    if (count > 0 && this.#wanted) this.#handOutIn(restAfterRefusalMs);
  }

  #handOutIn(span: Span): void {
    const at = this.#clock.monotonic() + span;
    if (this.#rest !== undefined && this.#rest.at <= at) return;
    this.#rest?.cancel();
    this.#rest = { at, cancel: this.#clock.after(span, () => this.#handOut()) };
  }

  #handOut(): void {
    this.#rest?.cancel();
    this.#rest = undefined;
    this.#wanted = false;
    this.#wakeAll();
  }
}
