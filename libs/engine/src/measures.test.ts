import { describe, expect, it } from '@jest/globals';
import type { Stage } from '@tocsin/core';
import { DecisionCounts } from './decision-counts.ts';
import { OneStage, valueOf } from './simulation/one-stage.ts';

const even = { rule: 'even', mode: 'live' } as const;
const odd = { rule: 'odd', mode: 'live' } as const;

/** Counts every record, by the same two objects of labels. */
const parities: Stage<number> = {
  name: 'parities',
  input: 'in',
  decode: (record) => valueOf<number>(record),
  keys: () => ['sum'],
  step({ entries, count }, number) {
    entries.put('sum', (entries.get<number>('sum') ?? 0) + number);
    count('findings', number % 2 === 0 ? even : odd);
  },
};

const partitions = { in: 1, 'dead-letters': 1 };
const calls = (bench: OneStage<number>, name: string): readonly unknown[][] =>
  bench.metrics.filter(([called]) => called === name).map(([, ...values]) => values);
const lags = (bench: OneStage<number>): readonly unknown[] => calls(bench, 'lag').map(([, , records]) => records);

describe('what a stage counts', () => {
  it('reaches the metrics as one sum for each slice, name and object of labels', async () => {
    const bench = new OneStage(parities, partitions);
    await bench.start();
    await bench.append([1, 2, 3, 4, 5, 6, 7]);
    expect(calls(bench, 'count')).toEqual([
      ['findings', odd, 4],
      ['findings', even, 3],
    ]);
    expect(calls(bench, 'records')).toEqual([['parities', 'processed', 7]]);
    await bench.stop();
  });

  it('is kept apart by name, and by labels that are not the same object', () => {
    const counts = new DecisionCounts();
    counts.add('a', even);
    counts.add('b', even);
    counts.add('a', { ...even });
    counts.add('a', even);
    const reported: unknown[] = [];
    counts.report((...call) => reported.push(call));
    expect(reported).toEqual([
      ['a', even, 2],
      ['a', even, 1],
      ['b', even, 1],
    ]);
  });
});

describe('the measures of a partition', () => {
  it('say since when something consumed has not been saved, also over a replay, and nothing once it is', async () => {
    let broken = false;
    const bench = new OneStage(parities, partitions);
    await bench.start({ plan: (_, step) => (broken && step === 'checkpoint' ? 'refused' : undefined) });
    expect(bench.status()?.unsavedSince).toBeNull();
    await bench.append([1]);
    await bench.clock.advance(2_000);
    expect(bench.status()?.unsavedSince).toBeNull();
    broken = true;
    const since = bench.clock.now();
    await bench.append([2]);
    await bench.clock.advance(20_000);
    expect(bench.status()?.unsavedSince).toBe(since);
    broken = false;
    await bench.clock.advance(10_000);
    expect(bench.status()).toMatchObject({ state: 'running', unsavedSince: null, offset: 2 });
    await bench.stop();
  });

  it('let the lag grow while the partition waits for its store', async () => {
    let away = false;
    const bench = new OneStage(parities, partitions);
    await bench.start({
      plan: (_, step) => (away && (step === 'checkpoint' || step === 'acquire') ? 'refused' : undefined),
      limits: { lagMs: 1_000 },
    });
    await bench.append([1]);
    await bench.clock.advance(3_000);
    expect(lags(bench).at(-1)).toBe(0);
    away = true;
    await bench.append([2]);
    await bench.clock.advance(2_000);
    expect(bench.status()?.state).toBe('waiting');
    await bench.append([3, 4, 5]);
    await bench.clock.advance(3_000);
    expect(bench.status()?.state).toBe('waiting');
    expect(lags(bench).at(-1)).toBe(3);
    const seconds = calls(bench, 'lag').at(-1)![3] as number;
    expect(seconds).toBeGreaterThan(3);
    await bench.stop();
  });

  it('end when the partition is another’s', async () => {
    const bench = new OneStage(parities, partitions);
    await bench.start({ limits: { lagMs: 500 } });
    await bench.append([1]);
    await bench.clock.advance(2_000);
    await bench.stop();
    expect(calls(bench, 'left')).toEqual([['parities', 0]]);
    const names = bench.metrics.map(([name]) => name);
    expect(names.lastIndexOf('lag')).toBeLessThan(names.indexOf('left'));
  });
});
