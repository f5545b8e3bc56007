import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.ts';
import { standingClock } from './test/standing-clock.ts';

describe('a pace', () => {
  it('calls what is asked for in one turn together, and each once', async () => {
    const called: string[] = [];
    const pace = new Pace(5, standingClock());
    const one = (): boolean => called.push('one') > 0;
    pace.soon(one);
    pace.soon(() => called.push('other') > 0);
    pace.soon(one);
    expect(called).toEqual([]);
    await turn();
    expect(called).toEqual(['one', 'other']);
  });

  it('rests before the next, and gathers meanwhile', async () => {
    const called: string[] = [];
    const clock = standingClock();
    const pace = new Pace(5, clock);
    pace.soon(() => called.push('first') > 0);
    await turn();
    clock.pass(2);
    pace.soon(() => called.push('second') > 0);
    await turn();
    clock.pass(2);
    pace.soon(() => called.push('third') > 0);
    await turn();
    expect(called).toEqual(['first']);
    clock.pass(1);
    expect(called).toEqual(['first', 'second', 'third']);
    clock.pass(5);
    pace.soon(() => called.push('after the rest') > 0);
    await turn();
    expect(called).toHaveLength(4);
  });

  it('does not rest after a call that found nothing to do', async () => {
    let calls = 0;
    const pace = new Pace(5, standingClock());
    for (const expected of [1, 2, 3]) {
      pace.soon(() => (calls += 1) === 0);
      await turn();
      expect(calls).toBe(expected);
    }
  });

  it('of nothing calls at once', () => {
    const called: string[] = [];
    new Pace(0, standingClock()).soon(() => called.push('one') > 0);
    expect(called).toEqual(['one']);
  });
});
