import type { Instant, Span } from '@tocsin/core';
import type { EngineClock } from '../engine-clock.ts';

interface Call {
  readonly at: Instant;
  readonly order: number;
  readonly run: () => void;
}

/** Lets everything that needs no time happen. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that passes only when told to, so that a test of hours takes milliseconds and always goes the same way. */
export class SimulatedClock implements EngineClock {
  #now: Instant;
  #order = 0;
  readonly #calls = new Set<Call>();

  constructor(startAt: Instant = Date.UTC(2026, 0, 1)) {
    this.#now = startAt;
  }

  now(): Instant {
    return this.#now;
  }

  after(span: Span, run: () => void): () => void {
    const call = { at: this.#now + span, order: this.#order++, run };
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  /** Passes this much time; calls that fall due run in order, each settled before the next. */
  async advance(span: Span): Promise<void> {
    const until = this.#now + span;
    await settle();
    for (let call = this.#next(until); call !== undefined; call = this.#next(until)) {
      this.#calls.delete(call);
      this.#now = Math.max(this.#now, call.at);
      call.run();
      await settle();
    }
    this.#now = until;
  }

  /** Time passes while nothing moves, as on a machine that was asleep; what fell due meanwhile runs late, all at once. */
  leap(span: Span): Promise<void> {
    this.#now += span;
    return this.advance(0);
  }

  #next(until: Instant): Call | undefined {
    let next: Call | undefined;
    for (const call of this.#calls) {
      if (call.at > until) continue;
      if (next === undefined || call.at < next.at || (call.at === next.at && call.order < next.order)) next = call;
    }
    return next;
  }
}
