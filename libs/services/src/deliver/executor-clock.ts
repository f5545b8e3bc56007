import type { Instant, Span } from '@tocsin/core';

/** Two clocks: the wall's, which can be set, and one that only runs; and a way to be called later. */
export interface ExecutorClock {
  now(): Instant;
  /** Milliseconds since some start; never goes back. */
  monotonic(): number;
  /** Calls once after that time; the result cancels. */
  after(span: Span, call: () => void): () => void;
}

export const executorClock: ExecutorClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(span, call) {
    const timer = setTimeout(call, span);
    return () => clearTimeout(timer);
  },
};
