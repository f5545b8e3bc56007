import { describe, expect, it } from '@jest/globals';
import { executorClock } from './executor-clock.ts';
import type { ExecutorClock } from './executor-clock.ts';
import { Slots } from './slots.ts';

/** A clock that stands still; what is called later is called by `pass`. */
function standing(): ExecutorClock & { pass(span: number): void } {
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

function slots(most: number) {
  const clock = standing();
  let woken = 0;
  const made = new Slots(most, clock, () => (woken += 1));
  return { slots: made, clock, woken: () => woken };
}

describe('slots', () => {
  it('are handed out together: at once when many are free, else after a moment', () => {
    const { slots: own, clock, woken } = slots(8);
    own.take(8);
    own.want();
    own.release();
    expect(woken()).toBe(0);
    own.release();
    expect(woken()).toBe(1);
    expect(own.free).toBe(2);
    own.take(2);
    own.want();
    own.release();
    clock.pass(4);
    expect(woken()).toBe(1);
    clock.pass(1);
    expect(woken()).toBe(2);
  });

  it('wake nobody while there is no work for them', () => {
    const { slots: own, clock, woken } = slots(2);
    own.take(2);
    own.release();
    own.release();
    clock.pass(1_000);
    expect(woken()).toBe(0);
  });

  it('that were taken in vain are not offered again at once, unless others become free', () => {
    const { slots: own, clock, woken } = slots(8);
    own.take(8);
    own.want();
    own.giveBack(1);
    clock.pass(99);
    expect(woken()).toBe(0);
    own.release();
    expect(woken()).toBe(1);
    own.take(2);
    own.want();
    own.giveBack(8);
    clock.pass(99);
    expect(woken()).toBe(1);
    clock.pass(1);
    expect(woken()).toBe(2);
  });

  it('of one are offered at once', () => {
    const own = new Slots(1, executorClock, () => own.take(1));
    own.take(1);
    own.want();
    own.release();
    expect(own.free).toBe(0);
  });
});
