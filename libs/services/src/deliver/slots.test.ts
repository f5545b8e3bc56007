import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.ts';
import { standingClock } from './test/standing-clock.ts';

function slots(most: number) {
  const clock = standingClock();
  let woken = 0;
  const made = new Slots(most, clock, () => (woken += 1));
  return { slots: made, clock, woken: () => woken };
}

describe('slots', () => {
  it('that become free are offered to whoever found too few', () => {
    const { slots: own, woken } = slots(8);
    own.take(8);
    own.want();
    own.release();
    expect(woken()).toBe(1);
    expect(own.free).toBe(1);
    own.release();
    expect(woken()).toBe(1);
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
    own.want();
    own.giveBack(2);
    clock.pass(99);
    expect(woken()).toBe(1);
    clock.pass(1);
    expect(woken()).toBe(2);
  });
});
