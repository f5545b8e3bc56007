import type { Instant, Span } from '@tocsin/core';

/** Paces checkpoints, ticks and waiting. It decides nothing that a stage could see. */
export interface EngineClock {
  now(): Instant;
  /** Calls once after that time; the result cancels. */
  after(span: Span, call: () => void): () => void;
}

export const systemClock: EngineClock = {
  now: () => Date.now(),
  after(span, call) {
    const timer = setTimeout(call, span);
    return () => clearTimeout(timer);
  },
};

/** Has so much time passed since then? Also where the machine's clock was put back since: nothing may wait for it to catch up. */
export const passed = (now: Instant, since: Instant, span: Span): boolean => now < since || now - since >= span;
