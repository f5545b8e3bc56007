import type { Span } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';

/**
 * Lets work of many partitions happen in the same turn, and the next not before a short rest has passed: what comes one by
 * one then shares its questions and appends, and what comes alone waits for nothing.
 */
export class Pace {
  readonly #restMs: Span;
  readonly #clock: ExecutorClock;
  readonly #waiting = new Set<() => boolean>();
  #nextAt = -Infinity;

  /** Without a rest, work is called at once. */
  constructor(restMs: Span, clock: ExecutorClock) {
    this.#restMs = restMs;
    this.#clock = clock;
  }

  /** Calls once, however often it was asked for meanwhile. Work that says false found nothing to do: no rest follows it. */
  soon(work: () => boolean): void {
    if (this.#restMs === 0) return void work();
    this.#waiting.add(work);
    if (this.#waiting.size > 1) return;
    const wait = this.#nextAt - this.#clock.monotonic();
    if (wait > 0) this.#clock.after(wait, () => this.#callAll());
    else setImmediate(() => this.#callAll());
  }

  #callAll(): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    let worked = false;
    for (const work of all) worked = work() || worked;
    if (worked) this.#nextAt = this.#clock.monotonic() + this.#restMs;
  }
}
