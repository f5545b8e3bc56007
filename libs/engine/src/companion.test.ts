import { describe, expect, it } from '@jest/globals';
import type { Companion, PartitionView, Stage } from '@tocsin/core';
import { settle } from './simulation/simulated-clock.ts';
import { OneStage, valueOf } from './simulation/one-stage.ts';

interface Job {
  readonly id: string;
  readonly done?: boolean;
}

/** Jobs wait as resident entries until a record says that they are done. */
const jobs: Stage<Job> = {
  name: 'jobs',
  input: 'in',
  decode: (record) => valueOf<Job>(record),
  keys: ({ id }) => [`about:${id}`],
  step({ entries }, { id, done }) {
    entries.put(`about:${id}`, { id, done: done === true });
    if (done === true) entries.delete(`!job:${id}`);
    else entries.put(`!job:${id}`, { id });
  },
};

/** Does every waiting job once it is allowed to, and writes down what it is told. */
class Worker implements Companion {
  readonly told: string[] = [];
  readonly begun = new Set<string>();
  view: PartitionView | undefined;
  drained = false;

  caughtUp(view: PartitionView): void {
    this.view = view;
    this.told.push(`caught up with ${[...view.resident('!job:')].length} jobs`);
    this.changed(view);
  }

  changed(view: PartitionView): void {
    for (const [key, { id }] of view.resident<Job>('!job:')) {
      if (view.lost || this.begun.has(key)) continue;
      this.begun.add(key);
      void view.append([{ key: 't:1', value: { id, done: true } }]);
    }
  }

  lost(view: PartitionView): void {
    this.told.push(`lost: ${view.lost}`);
  }

  drain(): Promise<void> {
    this.drained = true;
    return Promise.resolve();
  }
}

const partitions = { in: 1, 'dead-letters': 1 };

describe('a companion', () => {
  it('is told which resident entries were written since it last asked, and at first of all', async () => {
    const bench = new OneStage(jobs, partitions);
    await bench.append([{ id: 'a' }, { id: 'b' }]);
    const told: string[][] = [];
    const tell = (view: PartitionView): void => {
      told.push([...view.touched('!job:')].toSorted());
    };
    const follower: Companion = { caughtUp: tell, changed: tell, lost() {}, drain: () => Promise.resolve() };
    await bench.start({ companion: () => follower });
    await bench.append([{ id: 'c' }, { id: 'a', done: true }]);
    await bench.append([{ id: 'c', done: true }]);
    expect(told).toEqual([['!job:a', '!job:b'], ['!job:a', '!job:c'], ['!job:c']]);
    await bench.stop();
    // The next owner begins with all that is there.
    await bench.start({ companion: () => follower });
    expect(told.at(-1)).toEqual(['!job:b']);
    await bench.stop();
  });

  it('acts only once its partition has been read up to the end that was seen at acquisition', async () => {
    const bench = new OneStage(jobs, partitions);
    await bench.append(Array.from({ length: 30 }, (_, i) => ({ id: `j${i}` })));
    await bench.append(Array.from({ length: 20 }, (_, i) => ({ id: `j${i}`, done: true })));
    const worker = new Worker();
    await bench.start({ companion: () => worker, limits: { sliceRecords: 7 } });
    expect(worker.told).toEqual(['caught up with 10 jobs']);
    expect(worker.begun.size).toBe(10);
    expect([...worker.view!.resident('!job:')]).toEqual([]);
    await bench.append([{ id: 'new' }]);
    expect(worker.begun.has('!job:new')).toBe(true);
    await bench.stop();
    expect(worker.drained).toBe(true);
    expect(worker.told).toEqual(['caught up with 10 jobs', 'lost: true']);
  });

  it('catches up at once where there is nothing to read, and after the fingerprint where there was', async () => {
    const bench = new OneStage(jobs, partitions);
    const [first, second] = [new Worker(), new Worker()];
    await bench.start({ companion: () => first });
    expect(first.told).toEqual(['caught up with 0 jobs']);
    await bench.append([{ id: 'a' }]);
    await bench.stop();
    await bench.start({ companion: () => second });
    expect(second.told).toHaveLength(1);
    await bench.stop();
  });

  it('never acts on a log that is not the right one', async () => {
    const bench = new OneStage(jobs, partitions);
    await bench.start();
    await bench.append([{ id: 'a' }]);
    await bench.stop();
    bench.log.recreate('in');
    await bench.append([{ id: 'b' }]);
    const worker = new Worker();
    await bench.start({ companion: () => worker });
    expect(bench.status()?.reason).toBe('FINGERPRINT_DIFFERS');
    expect(worker.begun.size).toBe(0);
    await bench.stop();
  });

  it('is told at once when the partition is lost, and gets a new view with the next acquisition', async () => {
    const bench = new OneStage(jobs, partitions);
    const worker = new Worker();
    await bench.start({ companion: () => worker });
    await bench.append([{ id: 'a' }]);
    await bench.clock.advance(2_000);
    const before = worker.view!;
    await bench.store.slot('jobs', 0).acquire({ leaseMs: 1, takeOver: true });
    await bench.append([{ id: 'b' }]);
    await bench.clock.advance(1_100);
    expect(worker.told.at(-1)).toBe('lost: true');
    expect(before.lost).toBe(true);
    await expect(before.load(['about:a'])).rejects.toMatchObject({ name: 'Lost' });
    await bench.clock.advance(2_000);
    expect(worker.view).not.toBe(before);
    expect(worker.view!.lost).toBe(false);
    await bench.stop();
  });

  it('loads cold entries, fenced, also while checkpoints are saved', async () => {
    const bench = new OneStage(jobs, partitions);
    const worker = new Worker();
    await bench.start({ companion: () => worker, limits: { cacheEntries: 0, checkpointEntries: 1 } });
    await bench.append([{ id: 'a' }, { id: 'b' }]);
    const loads = Array.from({ length: 20 }, async (_, i) => {
      await bench.append([{ id: `c${i}` }]);
      return worker.view!.load<Job>(['about:a', 'about:none', '!job:none', `about:c${i}`]);
    });
    for (const [a, none, resident] of await Promise.all(loads)) {
      expect(a).toEqual({ id: 'a', done: true });
      expect([none, resident]).toEqual([undefined, undefined]);
    }
    const [last] = (await loads.at(-1)!).slice(-1);
    expect(last).toMatchObject({ id: 'c19' });
    await bench.store.slot('jobs', 0).acquire({ leaseMs: 1, takeOver: true });
    await expect(worker.view!.load(['about:a'])).rejects.toMatchObject({ name: 'Fenced' });
    expect(worker.view!.lost).toBe(true);
    await bench.stop();
  });

  it('can hold the reading back and let it go on', async () => {
    const bench = new OneStage(jobs, partitions);
    const worker = new Worker();
    await bench.start({ companion: () => worker });
    worker.view!.hold(true);
    await bench.append([{ id: 'a' }]);
    expect(bench.status()?.offset).toBe(0);
    worker.view!.hold(false);
    await settle();
    expect(bench.status()?.offset).toBeGreaterThan(0);
    await bench.stop();
  });
});
