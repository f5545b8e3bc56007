import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CommitQueue } from './commit-queue.ts';

/** A coordinator that answers after a while, and takes down what it was told. */
class SmallGroup {
  readonly requests: ReadonlyMap<number, number>[] = [];
  readonly committed = new Map<number, number>();
  away = false;

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
        fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.boolean()), { minLength: 1, maxLength: 12 }),
        async (calls) => {
          const group = new SmallGroup();
          const queue = new CommitQueue(group.send, 3);
          const last = new Map<number, number>();
          const answers: Promise<void>[] = [];
          for (const [index, [partition, pauseMs, now]] of calls.entries()) {
            if (pauseMs > 0) await sleep(pauseMs);
            answers.push(queue.commit(partition, index, now));
            last.set(partition, index);
          }
          await queue.close();
          await Promise.all(answers);
          expect(group.committed).toEqual(last);
          for (const offsets of group.requests) expect(offsets.size).toBeGreaterThan(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('sends what comes alone at once, and gathers what follows', async () => {
    const group = new SmallGroup();
    const queue = new CommitQueue(group.send, 60_000);
    await queue.commit(0, 1);
    void queue.commit(0, 2);
    void queue.commit(1, 3);
    void queue.commit(0, 4);
    await sleep(5);
    expect(group.requests).toHaveLength(1);
    await queue.close();
    expect(group.requests).toEqual([
      new Map([[0, 1]]),
      new Map([
        [0, 4],
        [1, 3],
      ]),
    ]);
  });

  it('keeps nothing back that is committed for a partition on its way out', async () => {
    const group = new SmallGroup();
    const queue = new CommitQueue(group.send, 60_000);
    await queue.commit(0, 1);
    const kept = queue.commit(0, 2);
    await queue.commit(1, 3, true);
    await kept;
    expect(group.committed).toEqual(
      new Map([
        [0, 2],
        [1, 3],
      ]),
    );
    await queue.close();
  });

  it('goes on after a refusal, which those learn whom it concerns, and takes nothing once closed', async () => {
    const group = new SmallGroup();
    const queue = new CommitQueue(group.send, 1);
    group.away = true;
    await expect(queue.commit(0, 1)).rejects.toThrow('away');
    group.away = false;
    await queue.commit(0, 2);
    expect(group.committed.get(0)).toBe(2);
    await queue.close();
    await expect(queue.commit(0, 3)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
