import { describe, expect, it } from '@jest/globals';
import type { Stage } from '@tocsin/core';
import { acceptNewLog } from './accept-new-log.ts';
import { EngineError } from './engine-error.ts';
import { encodeEntry } from './entry-codec.ts';
import { OneStage, textOf, valueOf } from './simulation/one-stage.ts';
import type { FaultPlan } from './simulation/simulated-host.ts';

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
const sources = (bench: OneStage<number>): readonly string[] =>
  bench.log.records('out').map(({ headers }) => textOf(headers['src']));

/** A stage that has consumed 1, 2, 3 and released its partition. */
async function after123(): Promise<OneStage<number>> {
  const bench = new OneStage(sums, partitions);
  await bench.start();
  await bench.append([1, 2, 3]);
  await bench.stop();
  return bench;
}

describe('at start', () => {
  it('refuses topics that are missing or have another partition count', async () => {
    const start = async (counts: Readonly<Record<string, number>>): Promise<unknown> =>
      new OneStage(sums, { in: 1, out: 2 }).start({ partitions: counts }).then(
        () => 'started',
        (error: EngineError) => error.code,
      );
    expect(await start({ in: 1, out: 2 })).toBe('started');
    expect(await start({ in: 1, out: 3 })).toBe('PARTITIONS_DIFFER');
    expect(await start({ in: 1, out: 2, cases: 1 })).toBe('TOPIC_MISSING');
    expect(await start({ out: 2 })).toBe('TOPIC_MISSING');
  });

  it('takes a topic of the bank with any partition count, as long as it is there', async () => {
    const foreign = { ...sums, foreignInput: true };
    const there = new OneStage(foreign, { in: 3, out: 1 });
    await there.start({ partitions: { out: 1 } });
    expect(there.runner.status()).toHaveLength(3);
    await there.stop();
    const nowhere = new OneStage({ ...foreign, input: 'nowhere' }, { out: 1 });
    await expect(nowhere.start()).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
  });

  it.each([
    ['latest', ['3']],
    [{ at: Date.UTC(2026, 0, 1) + 10 }, ['2', '5']],
    ['earliest', ['1', '3', '6']],
  ] as const)('begins where it is told to, at %j, and there again after a crash', async (startAt, expected) => {
    const bench = new OneStage(sums, partitions);
    await bench.append([1]);
    await bench.clock.advance(10);
    await bench.append([2]);
    (await bench.start({ startAt })).kill();
    const before = written(bench).length;
    await bench.append([3]);
    await bench.start({ startAt });
    expect(written(bench).slice(before)).toEqual(expected);
    await bench.stop();
  });
});

describe('a log that is not the one it was', () => {
  it('is read on without a word where it is the same', async () => {
    const bench = await after123();
    await bench.start();
    expect(bench.status()).toMatchObject({ state: 'running', offset: 3 });
    await bench.append([4]);
    expect(written(bench)).toEqual(['1', '3', '6', '10']);
    await bench.stop();
  });

  it('is noticed where the topic was created again and filled beyond the position', async () => {
    const bench = await after123();
    bench.log.recreate('in');
    await bench.append([5, 5, 5, 5]);
    await bench.start();
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'FINGERPRINT_DIFFERS' });
    expect(written(bench)).toHaveLength(3);
    await bench.stop();
  });

  it('is noticed where even the same bytes came at another time', async () => {
    const bench = await after123();
    await bench.clock.advance(1);
    bench.log.recreate('in');
    await bench.append([1, 2, 3]);
    await bench.start();
    expect(bench.status()?.reason).toBe('FINGERPRINT_DIFFERS');
    await bench.stop();
  });

  it('is noticed where it ends before the position', async () => {
    const bench = await after123();
    bench.log.recreate('in');
    await bench.start();
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'BEYOND_END' });
    await bench.stop();
  });

  it('is noticed where records were removed before they were processed', async () => {
    const bench = await after123();
    await bench.append([4, 5, 6]);
    bench.log.trim('in', 0, 5);
    await bench.start();
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'BEFORE_START' });
    await bench.stop();
  });

  it('is noticed while it is read', async () => {
    const bench = new OneStage(sums, partitions);
    await bench.start();
    await bench.append([1]);
    bench.log.recreate('in');
    await bench.append([2]);
    await bench.clock.advance(500);
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'RECREATED' });
    expect(written(bench)).toEqual(['1']);
    await bench.stop();
  });

  it('is looked at once more where nothing was read since the partition was taken over', async () => {
    const bench = await after123();
    const { log, store: state } = bench;
    await bench.start();
    log.recreate('in');
    await bench.append([5, 5, 5, 5]);
    await bench.clock.advance(500);
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'FINGERPRINT_DIFFERS' });
    await acceptNewLog({ stage: sums, partition: 0, log, state, from: 'start' });
    bench.runner.retry(0);
    await bench.clock.advance(500);
    expect(written(bench)).toEqual(['1', '3', '6', '11', '16', '21', '26']);
    await bench.stop();
  });

  it('is noticed while it is read where only that says so: nothing of the log before was read', async () => {
    const bench = await after123();
    const { log, store: state } = bench;
    log.recreate('in');
    await bench.append([4, 5]);
    await acceptNewLog({ stage: sums, partition: 0, log, state, from: 'end' });
    await bench.start();
    log.recreate('in');
    await bench.append([6, 7, 8]);
    await bench.clock.advance(500);
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'RECREATED' });
    await bench.stop();
  });

  it('is nothing to stop for where nothing was read of the one before', async () => {
    const bench = new OneStage(sums, partitions);
    await bench.start();
    bench.log.recreate('in');
    await bench.append([2]);
    await bench.clock.advance(500);
    expect(bench.status()).toMatchObject({ state: 'running' });
    expect(written(bench)).toEqual(['2']);
    await bench.stop();
  });

  it('is the same log where compaction of the bank removed the record consumed last', async () => {
    const compact = async (foreignInput: boolean): Promise<OneStage<number>> => {
      const bench = new OneStage({ ...sums, foreignInput }, partitions);
      await bench.start();
      await bench.append([1, 2, 3]);
      await bench.stop();
      await bench.append([4]);
      // The log in memory has a place for every offset; one more record keeps its end beyond what was removed.
      bench.log.partition('in', 0).records.splice(2, 1);
      await bench.append([5]);
      await bench.start();
      return bench;
    };
    expect((await compact(false)).status()?.reason).toBe('FINGERPRINT_DIFFERS');
    expect(written(await compact(true))).toContain('10');
  });

  it('is the same log where retention removed only what was consumed', async () => {
    const bench = await after123();
    bench.log.trim('in', 0, 3);
    await bench.start();
    expect(bench.status()?.state).toBe('running');
    await bench.append([4]);
    expect(written(bench).at(-1)).toBe('10');
    await bench.stop();
  });

  it('is taken for the right one when a person says so, under a new generation', async () => {
    const bench = await after123();
    bench.log.recreate('in');
    await bench.append([5]);
    const { log, store: state } = bench;
    await expect(acceptNewLog({ stage: sums, partition: 0, log, state, from: 9 })).rejects.toMatchObject({
      code: 'BEYOND_END',
    });
    const position = await acceptNewLog({ stage: sums, partition: 0, log, state, from: 'start' });
    expect(position).toMatchObject({ offset: 0, generation: 2, fingerprint: null });
    await bench.start();
    expect(written(bench).at(-1)).toBe('11');
    expect(sources(bench).at(-1)).toBe('sums/in/0/2@0.0');
    await bench.stop();
  });
});

describe('a store that is not the one it was', () => {
  it('stops the partition where it is empty although the group has committed', async () => {
    const bench = await after123();
    bench.store.restore(new Map());
    await bench.start();
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'STATE_EMPTY' });
    expect(bench.metrics).toContainEqual(['stopped', 'sums', 0, 'STATE_EMPTY']);
    await bench.stop();
  });

  it('stops the partition where it is empty, also where retention has taken all that was processed', async () => {
    const bench = await after123();
    bench.store.restore(new Map());
    bench.log.trim('in', 0, 3);
    await bench.start();
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'STATE_EMPTY' });
    await bench.stop();
  });

  it('stops the partition where it is emptied while the partition is at work', async () => {
    const bench = new OneStage(sums, partitions);
    await bench.start();
    await bench.append([1, 2, 3]);
    await bench.clock.advance(2_000);
    bench.store.restore(new Map());
    await bench.append([4]);
    await bench.clock.advance(5_000);
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'STATE_EMPTY' });
    await bench.stop();
  });

  it('stops the partition where it is emptied, however little of it was committed', async () => {
    const bench = new OneStage(sums, partitions);
    let told = 0;
    const plan: FaultPlan = (_, step) => (step === 'commit' && told++ > 0 ? 'refused' : undefined);
    const host = await bench.start({ plan });
    await bench.append([1, 2, 3]);
    await bench.clock.advance(2_000);
    host.kill();
    bench.store.restore(new Map());
    await bench.start();
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'STATE_EMPTY' });
    expect(written(bench)).toEqual(['1', '3', '6']);
    await bench.stop();
  });

  it('processes nothing of a new partition before the group knows of it', async () => {
    const bench = new OneStage(sums, partitions);
    let away = true;
    await bench.start({ plan: (_, step) => (away && step === 'commit' ? 'refused' : undefined) });
    await bench.append([1]);
    await bench.clock.advance(10_000);
    expect(bench.status()).toMatchObject({ state: 'waiting', reason: 'UNAVAILABLE' });
    expect(written(bench)).toEqual([]);
    away = false;
    await bench.clock.advance(10_000);
    expect(written(bench)).toEqual(['1']);
    await bench.stop();
  });

  it('is started from the beginning where the group never committed', async () => {
    const bench = new OneStage(sums, partitions);
    await bench.append([1]);
    await bench.start();
    expect(written(bench)).toEqual(['1']);
    await bench.stop();
  });

  it('stops the partition where a newer build wrote an entry', async () => {
    const bench = await after123();
    const slot = bench.store.slot('sums', 0);
    const acquired = await slot.acquire({ leaseMs: 1, takeOver: true });
    if ('busyMs' in acquired) throw new Error('busy');
    const bytes = encodeEntry(7);
    bytes[0] = 2;
    const { token, version, position } = acquired;
    const entries = new Map([['sum', bytes]]);
    await slot.checkpoint({ token, version, position: position!, entries, leaseMs: 1, release: true });
    await bench.start();
    await bench.append([4]);
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'ENTRY_FORMAT' });
    await bench.stop();
  });
});

describe('ownership', () => {
  it('waits for a living lease where a plan assigns the partitions, and renews its own while idle', async () => {
    const bench = new OneStage(sums, partitions);
    const first = await bench.start({ takeOver: false });
    await bench.append([1]);
    await bench.clock.advance(2_000);
    const { runner } = bench;
    await bench.start({ takeOver: false, group: 'another' });
    await bench.clock.advance(30_000);
    expect(bench.status()).toMatchObject({ state: 'waiting', reason: 'another owner holds the slot' });
    first.kill();
    await bench.clock.advance(12_000);
    expect(bench.status()).toMatchObject({ state: 'running', offset: 1 });
    expect(runner).not.toBe(bench.runner);
    await bench.stop();
  });

  it('acquires again after being fenced only while the group assigns the partition to it', async () => {
    const bench = new OneStage(sums, partitions);
    const host = await bench.start();
    await bench.append([1]);
    await bench.clock.advance(2_000);
    await bench.store.slot('sums', 0).acquire({ leaseMs: 1, takeOver: true });
    await bench.append([2]);
    await bench.clock.advance(1_000);
    expect(bench.status()).toMatchObject({ state: 'waiting', reason: 'another owner took the slot' });
    expect(bench.metrics).toContainEqual(['fenced', 'sums', 0]);
    await bench.clock.advance(2_000);
    expect(bench.status()).toMatchObject({ state: 'running', offset: 2 });
    expect(written(bench)).toEqual(['1', '3', '3']);
    host.evict();
    expect(bench.status()?.state).toBe('running');
    await bench.stop();
  });

  it('writes nothing while nothing comes', async () => {
    const bench = await after123();
    const host = await bench.start();
    await bench.clock.advance(1_000);
    const { steps } = host;
    await bench.clock.advance(60_000);
    expect(host.steps - steps).toBe(0);
    await bench.stop();
  });

  it('commits to the group what it has saved, and releases the slot when it stops', async () => {
    const bench = await after123();
    expect(await bench.log.committed('sums', 'in')).toEqual(new Map([[0, 3]]));
    // An owner that died, or Kafka away: what the group missed it is told by the next owner, without waiting for a record.
    bench.log.commit('sums', 'in', 0, 1);
    await bench.start();
    expect(await bench.log.committed('sums', 'in')).toEqual(new Map([[0, 3]]));
    await bench.stop();
    const answer = await bench.store.slot('sums', 0).acquire({ leaseMs: 1, takeOver: false });
    expect(answer).toMatchObject({ position: { offset: 3 } });
  });

  it('spreads the checkpoints of its partitions over the interval', async () => {
    const bench = new OneStage(sums, { in: 8, out: 1, 'dead-letters': 1 });
    await bench.start();
    const savedAt = new Set<number>();
    for (let i = 0; i < 40; i++) {
      for (let key = 0; key < 40; key++) await bench.append([1], { key: `t:${key}` });
      await bench.clock.advance(50);
      for (const { checkpointAt } of bench.runner.status())
        if (checkpointAt !== null) savedAt.add(checkpointAt % 1_000);
    }
    expect(savedAt.size).toBeGreaterThanOrEqual(6);
    await bench.stop();
  });
});

it('has an error code in every alarm', () => {
  expect(new EngineError('STATE_EMPTY', 'x')).toMatchObject({ code: 'STATE_EMPTY', name: 'EngineError' });
});
