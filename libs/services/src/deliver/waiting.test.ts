import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jobKey, jobPrefix, keyOf, letGoDelayMs } from '@tocsin/core';
import type { Job, PartitionView } from '@tocsin/core';
import { defaultExecutorLimits } from './executor-options.ts';
import { HandClock, start } from './test/partition-world.ts';
import { delivery } from './test/world.ts';
import { Waiting } from './waiting.ts';

/** What is resident in a partition, and nothing else of it. */
class Jobs {
  readonly clockAt = 0;
  readonly #jobs = new Map<string, Job>();
  readonly #touched = new Set<string>();

  put(job: Job | undefined, id: string): void {
    if (job === undefined) this.#jobs.delete(jobKey(id));
    else this.#jobs.set(jobKey(id), job);
    this.#touched.add(jobKey(id));
  }

  get(key: string): Job | undefined {
    return this.#jobs.get(key);
  }

  touched(prefix: string): readonly string[] {
    expect(prefix).toBe(jobPrefix);
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  all(): readonly Job[] {
    return [...this.#jobs.values()];
  }
}

const job = (id: string, changes: Partial<Job>, customerId = 'cus-1', priority: 0 | 1 | 2 | 3 = 1): Job => ({
  delivery: delivery(id, { customerId, priority }),
  acceptedAt: start,
  dueAt: start,
  attempts: 0,
  retries: 0,
  maySeen: 0,
  story: [],
  redrives: [],
  ...changes,
});

/** The same by looking at every job: in order of urgency, one for each customer, none past one that is due in a moment. */
function byLookingAtAll(jobs: readonly Job[], now: number, most: number, busy: ReadonlySet<string>): readonly string[] {
  const sorted = jobs
    .filter(({ attempting, dueAt }) => attempting === undefined && dueAt - now <= letGoDelayMs)
    .toSorted(
      (a, b) =>
        a.delivery.priority - b.delivery.priority ||
        a.acceptedAt - b.acceptedAt ||
        (a.place ?? -1) - (b.place ?? -1) ||
        (a.delivery.id < b.delivery.id ? -1 : 1),
    );
  const customers = new Set(busy);
  const found: string[] = [];
  for (const { delivery: one, dueAt } of sorted) {
    const customer = keyOf(one.tenantId, one.customerId);
    if (customers.has(customer)) continue;
    customers.add(customer);
    if (dueAt <= now && found.length < most) found.push(one.id);
  }
  return found;
}

const small = fc.nat(3);
const change = fc.record({
  id: fc.nat(11),
  is: fc.constantFrom('waiting', 'waiting', 'waiting', 'under way', 'gone'),
  customer: small,
  priority: small,
  acceptedAt: small,
  place: fc.option(small, { nil: undefined }),
  dueIn: fc.integer({ min: -2_000, max: 4_000 }),
});
const step = fc.oneof(
  { weight: 3, arbitrary: change.map((one) => ({ do: 'change' as const, ...one })) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('look' as const), most: fc.nat(6), busy: fc.array(small) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 2_000 }) }) },
);

describe('what waits', () => {
  it('is always found as if every job were looked at, however it came, went and changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const jobs = new Jobs();
        const clock = new HandClock();
        const waiting = new Waiting(jobs as unknown as PartitionView, clock, defaultExecutorLimits);
        for (const one of steps) {
          if (one.do === 'pass') await clock.advance(one.ms);
          else if (one.do === 'change') {
            const { id, is, customer, priority, acceptedAt, place, dueIn } = one;
            const changes = {
              acceptedAt: start + acceptedAt,
              dueAt: clock.now() + dueIn,
              ...(place === undefined ? {} : { place }),
              ...(is === 'under way' ? { attempting: {} as NonNullable<Job['attempting']> } : {}),
            };
            const made = job(`d${id}`, changes, `cus-${customer}`, priority as 0 | 1 | 2 | 3);
            jobs.put(is === 'gone' ? undefined : made, `d${id}`);
          } else {
            const busy = new Set(one.busy.map((n) => keyOf(delivery('d').tenantId, `cus-${n}`)));
            const expected = byLookingAtAll(jobs.all(), clock.now(), one.most, busy);
            const { jobs: found, count } = waiting.due(one.most, (_, customer) => !busy.has(customer));
            expect(found.map(({ delivery: { id } }) => id)).toEqual(expected);
            expect(count).toBe(jobs.all().filter(({ attempting }) => attempting === undefined).length);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is looked at again when the next of it is due', () => {
    const jobs = new Jobs();
    const clock = new HandClock();
    const waiting = new Waiting(jobs as unknown as PartitionView, clock, defaultExecutorLimits);
    expect(waiting.due(1, () => true).nextInMs).toBeUndefined();
    jobs.put(job('d1', { dueAt: start + 30_000 }), 'd1');
    jobs.put(job('d2', { dueAt: start + 20_000 }), 'd2');
    expect(waiting.due(1, () => true)).toEqual({ jobs: [], count: 2, nextInMs: 20_000 });
    jobs.put(job('d3', { dueAt: start + 400 }, 'cus-2'), 'd3');
    expect(waiting.due(1, () => true).nextInMs).toBe(400);
    waiting.postpone(job('d2', {}), 500);
    jobs.put(job('d2', { dueAt: start }), 'd2');
    jobs.put(undefined, 'd3');
    expect(waiting.due(1, () => true).nextInMs).toBe(500);
  });
});
