import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LogError } from '@tocsin/core';
import type { Appended, Appending } from '@tocsin/core';
import fc from 'fast-check';
import { AppendQueue, recordBytes } from './append-queue.ts';

const record = (partition: number, value: string): Appending => ({ topic: 't', partition, key: null, value });

/** A broker of one topic: takes whole requests, refuses them by partition, forgets nothing. */
class SmallBroker {
  readonly requests: (readonly Appending[])[] = [];
  readonly partitions = new Map<number, string[]>();
  readonly #refuses: (value: string) => LogError | undefined;

  constructor(refuses: (value: string) => LogError | undefined = () => undefined) {
    this.#refuses = refuses;
  }

  readonly send = async (records: readonly Appending[]): Promise<readonly Appended[]> => {
    this.requests.push(records);
    await sleep(0);
    let refusal: LogError | undefined;
    const results = new Map<Appending, Appended>();
    for (const [partition, there] of Map.groupBy(records, (one) => one.partition)) {
      const refused = there.map(({ value }) => this.#refuses(value as string)).find((error) => error !== undefined);
      refusal ??= refused;
      if (refused !== undefined) continue;
      const kept = this.partitions.get(partition) ?? [];
      this.partitions.set(partition, kept);
      for (const one of there) {
        results.set(one, { topic: 't', partition, offset: kept.length });
        kept.push(one.value as string);
      }
    }
    if (refusal !== undefined) throw refusal;
    return records.map((one) => results.get(one)!);
  };
}

const limits = { bytesPerPartition: 1_000, bytes: 3_000, records: 50 };
const tooLarge = new LogError('TOO_LARGE', 'too large');
const away = new LogError('UNAVAILABLE', 'away');

describe('the queue of appends', () => {
  it('puts what is called in one turn into one request, one request at a time', async () => {
    const broker = new SmallBroker();
    const queue = new AppendQueue(broker.send, limits);
    const results = await Promise.all(['a', 'b', 'c'].map((value) => queue.append([record(0, value)])));
    expect(results.map(([appended]) => appended!.offset)).toEqual([0, 1, 2]);
    expect(broker.requests).toHaveLength(1);
  });

  it('keeps every limit, the order and the results, for whatever is appended', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(fc.nat(3), fc.nat(400)), { maxLength: 20 }), { maxLength: 8 }),
        async (calls) => {
          const broker = new SmallBroker();
          const queue = new AppendQueue(broker.send, limits);
          let number = 0;
          const appends = calls.map((call) =>
            call.map(([partition, size]) => record(partition, `${number++}:${'x'.repeat(size)}`)),
          );
          const results = await Promise.all(appends.map((records) => queue.append(records)));
          for (const [i, records] of appends.entries()) {
            for (const [j, { partition, value }] of records.entries()) {
              expect(broker.partitions.get(partition)![results[i]![j]!.offset]).toBe(value);
            }
          }
          for (const [partition, kept] of broker.partitions) {
            expect(kept).toEqual(
              appends
                .flat()
                .filter((one) => one.partition === partition)
                .map(({ value }) => value),
            );
          }
          for (const request of broker.requests) {
            expect(request.length).toBeLessThanOrEqual(limits.records);
            for (const there of Map.groupBy(request, (one) => one.partition).values()) {
              const bytes = there.reduce((sum, one) => sum + recordBytes(one), 0);
              expect(bytes <= limits.bytesPerPartition || request.length === 1).toBe(true);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds the record that is refused, fails its call alone, and sends nothing more of that call', async () => {
    const broker = new SmallBroker((value) => (value === 'huge' ? tooLarge : undefined));
    const queue = new AppendQueue(broker.send, limits);
    const [first, refused, last] = await Promise.allSettled([
      queue.append([record(0, 'a'), record(1, 'b')]),
      queue.append([record(1, 'c'), record(0, 'huge'), record(0, 'after it')]),
      queue.append([record(0, 'd'), record(1, 'e')]),
    ]);
    expect([first.status, last.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(refused).toMatchObject({ reason: { code: 'TOO_LARGE' } });
    expect(broker.partitions.get(0)).not.toContain('after it');
    // Readers keep the first of each; what is left must be the order of the calls.
    expect([...new Set(broker.partitions.get(0))]).toEqual(['a', 'd']);
    expect([...new Set(broker.partitions.get(1))]).toEqual(['b', 'c', 'e']);
  });

  it('does not repeat a request whose outcome is unknown, and goes on with what waits', async () => {
    let failures = 1;
    const broker = new SmallBroker(() => (failures-- > 0 ? away : undefined));
    const queue = new AppendQueue(broker.send, { ...limits, records: 2 });
    const [lost, kept] = await Promise.allSettled([
      queue.append([record(0, 'a'), record(0, 'b'), record(0, 'c')]),
      queue.append([record(0, 'd')]),
    ]);
    expect(lost).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    expect(kept.status).toBe('fulfilled');
    expect(broker.partitions.get(0)).toEqual(['d']);
  });

  it('when closed, finishes what it has begun and refuses the rest', async () => {
    const broker = new SmallBroker();
    const queue = new AppendQueue(broker.send, { ...limits, records: 1 });
    const running = queue.append([record(0, 'a'), record(0, 'b')]);
    const waiting = queue.append([record(0, 'c')]);
    await new Promise(setImmediate);
    const closed = queue.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
    await closed;
    expect(await running).toHaveLength(2);
    await expect(queue.append([record(0, 'd')])).rejects.toMatchObject({ code: 'CLOSED' });
    expect(broker.partitions.get(0)).toEqual(['a', 'b']);
  });
});
