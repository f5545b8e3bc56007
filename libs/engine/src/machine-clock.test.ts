import { describe, expect, it } from '@jest/globals';
import type { Stage } from '@tocsin/core';
import { OneStage, textOf, valueOf } from './simulation/one-stage.ts';
import { isTick } from './tick.ts';

interface Command {
  readonly key: string;
  readonly inMs?: number;
}

/** Says what it was told, and sets a timer where that says so. */
const echo: Stage<Command> = {
  name: 'echo',
  input: 'in',
  decode: (record) => valueOf<Command>(record),
  keys: ({ key }) => [key],
  step({ at, entries, timers, emit }, { key, inMs }) {
    entries.put(key, (entries.get<number>(key) ?? 0) + 1);
    emit({ topic: 'out', key, value: key });
    if (inMs !== undefined) timers.set({ key, due: at + inMs, keys: [] });
  },
  onTimer: ({ emit }, { key }) => emit({ topic: 'out', key, value: `${key} fired` }),
};

const anHour = 3_600_000;

/** The log's clock is right; that of the machine is an hour ahead, until `correct` is called. */
async function started(): Promise<{ readonly bench: OneStage<Command>; readonly correct: () => void }> {
  const bench = new OneStage(echo, { in: 1, out: 1, 'dead-letters': 1 });
  let ahead = anHour;
  const clock = {
    now: () => bench.clock.now() + ahead,
    after: (span: number, call: () => void) => bench.clock.after(span, call),
  };
  await bench.start({ clock, limits: { lagMs: 5_000 } });
  return {
    bench,
    correct: () => {
      ahead = 0;
    },
  };
}

describe('a clock of the machine that is put back by an hour', () => {
  it('keeps no timer from firing', async () => {
    const { bench, correct } = await started();
    await bench.append([{ key: 'a', inMs: 500 }]);
    await bench.clock.advance(3_000);
    expect(bench.log.records('in').filter(isTick).length).toBeGreaterThan(0);
    correct();
    await bench.append([{ key: 'b', inMs: 500 }]);
    await bench.clock.advance(60_000);
    expect(bench.log.records('out').map(({ value }) => textOf(value))).toEqual(['a', 'a fired', 'b', 'b fired']);
    await bench.stop();
  });

  it('keeps nothing that was consumed from being saved, and the lag from being measured', async () => {
    const { bench, correct } = await started();
    await bench.append([{ key: 'a' }]);
    await bench.clock.advance(10_000);
    correct();
    const measured = (): number => bench.metrics.filter(([name]) => name === 'lag').length;
    const before = measured();
    await bench.append([{ key: 'b' }, { key: 'c' }]);
    await bench.clock.advance(60_000);
    expect((await bench.store.slot('echo', 0).position())?.offset).toBe(3);
    expect(measured()).toBeGreaterThan(before);
    await bench.stop();
  });
});
