import type { ExecutorClock } from '../executor-clock.ts';

/** A clock that stands still; what is called later is called by `pass`. */
export function standingClock(): ExecutorClock & { pass(span: number): void } {
  let now = 0;
  const calls = new Map<() => void, number>();
  return {
    now: () => now,
    monotonic: () => now,
    after(span, call) {
      calls.set(call, now + span);
      return () => calls.delete(call);
    },
    pass(span) {
      now += span;
      for (const [call, at] of [...calls]) if (at <= now && calls.delete(call)) call();
    },
  };
}
