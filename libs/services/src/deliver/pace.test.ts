import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.ts';
import { standingClock } from './test/standing-clock.ts';

describe('a pace', () => {
  it('calls what is asked for in one turn together, and each once', async () => {
    const called: string[] = [];
    const pace = new Pace(5, standingClock());
    const one = (): void => void called.push('one');
    pace.soon(one);
    pace.soon(() => called.push('other'));
    pace.soon(one);
    expect(called).toEqual([]);
    await turn();
    expect(called).toEqual(['one', 'other']);
  });

  it('rests before the next, and gathers meanwhile', async () => {
    const called: string[] = [];
    const clock = standingClock();
    const pace = new Pace(5, clock);
    pace.soon(() => called.push('first'));
    await turn();
    clock.pass(2);
    pace.soon(() => called.push('second'));
    await turn();
    clock.pass(2);
    pace.soon(() => called.push('third'));
    await turn();
    expect(called).toEqual(['first']);
    clock.pass(1);
    expect(called).toEqual(['first', 'second', 'third']);
    clock.pass(5);
    pace.soon(() => called.push('after the rest'));
    await turn();
    expect(called).toHaveLength(4);
  });

  it('of nothing calls at once', () => {
    const called: string[] = [];
    new Pace(0, standingClock()).soon(() => called.push('one'));
    expect(called).toEqual(['one']);
  });
});
