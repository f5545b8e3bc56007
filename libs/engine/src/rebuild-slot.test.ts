import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Stage } from '@tocsin/core';
import { acceptNewLog } from './accept-new-log.ts';
import { SlotInUse, SlotRebuilding } from './rebuild-slot.ts';
import { recoveryKey } from './recovery-mark.ts';
import { OneStage, textOf, valueOf } from './simulation/one-stage.ts';

/** Numbers in, running sums out. */
const sums: Stage<number> = {
  name: 'sums',
  input: 'in',
  decode: (record) => valueOf<number>(record),
  keys: () => ['sum'],
  step({ entries, emit }, number) {
    const sum = (entries.get<number>('sum') ?? 0) + number;
    entries.put('sum', sum);
    emit({ topic: 'out', key: 't:1', value: `${sum}` });
  },
};

const partitions = { in: 1, out: 1, 'dead-letters': 1 };

const written = (bench: OneStage<number>): readonly string[] =>
  bench.log.records('out').map(({ value }) => textOf(value));

async function lost(numbers: readonly number[]): Promise<OneStage<number>> {
  const bench = new OneStage(sums, partitions);
  await bench.start();
  await bench.append(numbers);
  await bench.stop();
  bench.store.restore(new Map());
  return bench;
}

const rebuilding = (bench: OneStage<number>, mutedBelow: number, from = 0): SlotRebuilding =>
  new SlotRebuilding({ stage: 'sums', partition: 0, state: bench.store, from, mutedBelow, generation: 1 });

describe('a slot that was lost', () => {
  it('is rebuilt from the log, with outputs muted as far as they stand', async () => {
    const bench = await lost([1, 2, 3]);
    await rebuilding(bench, 3).finish();
    await bench.append([4]);
    await bench.start();
    expect(written(bench)).toEqual(['1', '3', '6', '10']);
    expect(bench.store.entries('sums', 0).has(recoveryKey)).toBe(true);
    await bench.stop();
    expect(bench.store.entries('sums', 0).has(recoveryKey)).toBe(false);
  });

  it('leaves the group where it was until all of its outputs are there again: up to there they are held back', async () => {
    const bench = await lost([1, 2, 3]);
    bench.log.commit('sums', 'in', 0, 5);
    await rebuilding(bench, 5).finish();
    await bench.start();
    await bench.append([4]);
    await bench.clock.advance(3_000);
    expect((await bench.store.slot('sums', 0).position())?.offset).toBe(4);
    expect((await bench.log.committed('sums', 'in')).get(0)).toBe(5);
    await bench.append([5, 6]);
    await bench.clock.advance(3_000);
    expect((await bench.log.committed('sums', 'in')).get(0)).toBe(6);
    await bench.stop();
  });

  it('stays muted however often the owner dies on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 6 }),
        fc.nat(30),
        async (numbers, lives, cut) => {
          const bench = await lost(numbers);
          const before = written(bench);
          const mutedBelow = Math.min(cut, numbers.length);
          await rebuilding(bench, mutedBelow).finish();
          for (const life of lives) {
            const host = await bench.start({ limits: { checkpointMs: 5, checkpointEntries: 2, sliceRecords: 3 } });
            await bench.clock.advance(life);
            host.kill();
          }
          await bench.start();
          await bench.append([5]);
          // Each later copy repeats what stands from where the muting ends: never a record before it.
          const sum = numbers.reduce((all, one) => all + one, 0);
          const again = written(bench).slice(before.length);
          expect(again.every((value) => value === `${sum + 5}` || before.indexOf(value) >= mutedBelow)).toBe(true);
          expect(again.at(-1)).toBe(`${sum + 5}`);
          await bench.stop();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('counts as empty until the rebuilding is finished, and can be begun anew', async () => {
    const bench = await lost([1, 2, 3]);
    const first = rebuilding(bench, 3);
    first.put('sum', 7);
    await first.flush();
    await bench.start();
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'STATE_EMPTY' });
    const second = rebuilding(bench, 3, 3);
    second.put('sum', 100);
    await second.finish();
    bench.runner.retry(0);
    await bench.append([4]);
    expect(written(bench).at(-1)).toBe('104');
    await bench.stop();
  });

  it('goes on where a service took the slot for a moment', async () => {
    const bench = await lost([1]);
    const slot = rebuilding(bench, 1, 1);
    slot.put('sum', 10);
    await slot.flush();
    await bench.store.slot('sums', 0).acquire({ leaseMs: 1, takeOver: true });
    slot.put('other', 1);
    await slot.finish();
    await bench.start();
    await bench.append([4]);
    expect(written(bench).at(-1)).toBe('14');
    await bench.stop();
  });

  it('is not rebuilt where it has a state after all', async () => {
    const bench = new OneStage(sums, partitions);
    await bench.start();
    await bench.append([1]);
    await bench.stop();
    await expect(rebuilding(bench, 0).finish()).rejects.toThrow(SlotInUse);
    await bench.start();
    await bench.append([4]);
    expect(written(bench).at(-1)).toBe('5');
    await bench.stop();
  });

  it('is replayed from where the log begins by then', async () => {
    const bench = await lost([1, 2, 3]);
    await rebuilding(bench, 3).finish();
    bench.log.trim('in', 0, 2);
    await bench.start();
    expect(bench.status()).toMatchObject({ state: 'running', offset: 3 });
    await bench.append([4]);
    expect(written(bench).at(-1)).toBe('7');
    await bench.stop();
  });

  it('has nothing muted in a new log that is accepted afterwards', async () => {
    const bench = await lost([1, 2, 3]);
    await rebuilding(bench, 3).finish();
    bench.log.recreate('in');
    await bench.append([5]);
    await acceptNewLog({ stage: sums, partition: 0, log: bench.log, state: bench.store, from: 'start' });
    await bench.start();
    expect(written(bench)).toEqual(['1', '3', '6', '5']);
    await bench.stop();
  });
});

it('is saved when its log turns out to be another one, so that nothing applied is forgotten', async () => {
  const bench = new OneStage(sums, partitions);
  await bench.start();
  await bench.append([1, 2]);
  bench.log.recreate('in');
  await bench.append([9]);
  await bench.clock.advance(500);
  expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'RECREATED' });
  expect(await bench.store.slot('sums', 0).position()).toMatchObject({ offset: 2 });
  await acceptNewLog({ stage: sums, partition: 0, log: bench.log, state: bench.store, from: 'start' });
  bench.runner.retry(0);
  await bench.append([1]);
  expect(written(bench)).toEqual(['1', '3', '12', '13']);
  await bench.stop();
});
