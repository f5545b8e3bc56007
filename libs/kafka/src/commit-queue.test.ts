import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CommitQueue } from './commit-queue.ts';

/** A coordinator that answers after a while, and takes down what it was told. */
class SmallGroup {
  readonly requests: ReadonlyMap<number, number>[] = [];
  readonly committed = new Map<number, number>();
  away = false;
  /** Partitions that this member has lost. */
  readonly lost = new Set<number>();

  readonly holds = (partition: number): boolean => !this.lost.has(partition);

  readonly send = async (offsets: ReadonlyMap<number, number>): Promise<void> => {
    this.requests.push(offsets);
    await sleep(1);
    if (this.away) throw new Error('away');
    for (const [partition, offset] of offsets) this.committed.set(partition, offset);
  };
}

describe('the queue of commits', () => {
  it('leaves each partition at its last offset, whatever is committed when, and answers everybody', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 12 }),
        async (calls) => {
          const group = new SmallGroup();
          const queue = new CommitQueue(group.send, group.holds, 3);
          const last = new Map<number, number>();
          const answers: Promise<unknown>[] = [];
          for (const [index, [partition, pauseMs, held, away]] of calls.entries()) {
            if (pauseMs > 0) await sleep(pauseMs);
            group.away = away;
            if (held) group.lost.delete(partition);
            else group.lost.add(partition);
            answers.push(queue.commit(partition, index).catch(() => undefined));
            last.set(partition, index);
          }
          group.lost.clear();
          for (const [partition, index] of last) answers.push(queue.commit(partition, index).catch(() => undefined));
          group.away = false;
          await queue.close();
          await Promise.all(answers);
          expect(group.committed).toEqual(last);
          for (const offsets of group.requests) expect(offsets.size).toBeGreaterThan(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('sends the first word of a partition at once, and gathers what follows', async () => {
    const group = new SmallGroup();
    const queue = new CommitQueue(group.send, group.holds, 60_000);
    await queue.commit(0, 1);
    await queue.commit(1, 1);
    void queue.commit(0, 2);
    void queue.commit(1, 3);
    void queue.commit(0, 4);
    await sleep(5);
    expect(group.requests).toHaveLength(2);
    await queue.close();
    expect(group.requests).toEqual([
      new Map([[0, 1]]),
      new Map([[1, 1]]),
      new Map([
        [0, 4],
        [1, 3],
      ]),
    ]);
  });

  it('keeps nothing back that is committed for a partition on its way out', async () => {
    const group = new SmallGroup();
    const queue = new CommitQueue(group.send, group.holds, 60_000);
    await queue.commit(0, 1);
    const kept = queue.commit(0, 2);
    group.lost.add(1);
    await queue.commit(1, 3);
    await kept;
    expect(group.committed).toEqual(
      new Map([
        [0, 2],
        [1, 3],
      ]),
    );
    await queue.close();
  });

  it('sends again what was refused, until it is taken, a newer offset comes or the partition is lost', async () => {
    const group = new SmallGroup();
    const queue = new CommitQueue(group.send, group.holds, 1);
    group.away = true;
    const refused = [0, 1, 2].map((partition) => queue.commit(partition, 1).catch(() => 'refused'));
    expect(await Promise.all(refused)).toEqual(['refused', 'refused', 'refused']);
    group.lost.add(2);
    void queue.commit(1, 2).catch(() => {});
    await sleep(20);
    expect(group.requests.length).toBeGreaterThan(3);
    group.away = false;
    await sleep(20);
    expect(group.committed).toEqual(
      new Map([
        [0, 1],
        [1, 2],
      ]),
    );
    const { length } = group.requests;
    await sleep(20);
    expect(group.requests).toHaveLength(length);
    await queue.close();
  });

  it('goes on after a refusal, which those learn whom it concerns, and takes nothing once closed', async () => {
    const group = new SmallGroup();
    const queue = new CommitQueue(group.send, group.holds, 1);
    group.away = true;
    await expect(queue.commit(0, 1)).rejects.toThrow('away');
    group.away = false;
    await queue.commit(0, 2);
    expect(group.committed.get(0)).toBe(2);
    await queue.close();
    await expect(queue.commit(0, 3)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
