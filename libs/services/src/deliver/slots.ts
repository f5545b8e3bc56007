import type { Span } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';

/** What was refused would be refused again at once. */
const restAfterRefusalMs: Span = 100;

/** How many messages may be under way at once. */
export class Slots {
  readonly #most: number;
  readonly #clock: ExecutorClock;
  readonly #wakeAll: () => void;
  #used = 0;
  /** Somebody found fewer than there was work for. */
  #wanted = false;
  #cancelRest: (() => void) | undefined;

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
    if (this.#wanted) this.#offer();
  }

  /** Taken for what then could not leave. */
  giveBack(count: number): void {
    this.#used -= count;
    if (count > 0 && this.#wanted) this.#cancelRest ??= this.#clock.after(restAfterRefusalMs, () => this.#offer());
  }

  #offer(): void {
    this.#cancelRest?.();
    this.#cancelRest = undefined;
    this.#wanted = false;
    this.#wakeAll();
  }
}
