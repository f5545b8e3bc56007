import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Barrier, BarrierQuestion, Barriers, KillSwitch, ShortTermStore, Span, TokenBuckets } from '@tocsin/core';
import type { ContractCase } from './channel-suite.ts';

/** Each case uses tenants and customers of its own. */
export interface BarriersUnderTest {
  readonly barriers: Barriers;
  /** The same as another process sees it. */
  readonly elsewhere: Barriers;
}

const newTenant = (): string => `t-${randomUUID().slice(0, 13)}`;

const question = (tenantId: string, more: Partial<BarrierQuestion> = {}): BarrierQuestion => ({
  tenantId,
  customerId: 'cus-1',
  channel: 'sms',
  provider: 'twilio',
  ...more,
});

const barrier = (offset: number, channel: string, verdict: Barrier['verdict']): Barrier => ({
  offset,
  channel,
  verdict,
});

const kill = (tenantId: string, scope: string, on = true): KillSwitch => ({
  tenantId,
  scope,
  on,
  by: 'staff-7',
  why: 'the provider delivers to the wrong people',
  at: 1_767_268_800_000,
});

/** The contract of the barriers: revocations and kill switches that every instance sees at once. */
export const barrierCases: readonly ContractCase<BarriersUnderTest>[] = [
  {
    name: 'where nothing was raised, nothing stands in the way',
    async run({ barriers }) {
      assert.deepEqual(await barriers.ask([question(newTenant())]), [{ barrier: null, killed: null }]);
      assert.deepEqual(await barriers.ask([]), []);
    },
  },
  {
    name: 'a barrier is seen elsewhere, for its customer and channel only',
    async run({ barriers, elsewhere }) {
      const tenant = newTenant();
      await barriers.raise(tenant, 'cus-1', barrier(17, 'sms', 'deny'));
      const answers = await elsewhere.ask([
        question(tenant),
        question(tenant, { channel: 'messenger' }),
        question(tenant, { customerId: 'cus-2' }),
        question(newTenant()),
      ]);
      assert.deepEqual(answers[0], { barrier: barrier(17, 'sms', 'deny'), killed: null });
      for (const answer of answers.slice(1)) assert.deepEqual(answer, { barrier: null, killed: null });
    },
  },
  {
    name: 'a lower offset never replaces a higher one, whatever the verdicts and however late',
    async run({ barriers, elsewhere }) {
      const tenant = newTenant();
      const offsets = [9, 100, 30, 99, 1_000, 101, 20];
      await Promise.all(
        offsets.map((offset, i) =>
          (i % 2 === 0 ? barriers : elsewhere).raise(
            tenant,
            'cus-1',
            barrier(offset, 'sms', i % 2 === 0 ? 'deny' : 'allow'),
          ),
        ),
      );
      await barriers.raise(tenant, 'cus-1', barrier(5, 'sms', 'allow'));
      const [answer] = await elsewhere.ask([question(tenant)]);
      assert.deepEqual(answer?.barrier, barrier(1_000, 'sms', 'deny'));
    },
  },
  {
    name: 'STOP, then START: the newer one holds; `wait` is a verdict too',
    async run({ barriers }) {
      const tenant = newTenant();
      const verdict = async (): Promise<unknown> => (await barriers.ask([question(tenant)]))[0]?.barrier?.verdict;
      await barriers.raise(tenant, 'cus-1', barrier(1, 'sms', 'deny'));
      assert.equal(await verdict(), 'deny');
      await barriers.raise(tenant, 'cus-1', barrier(2, 'sms', 'allow'));
      assert.equal(await verdict(), 'allow');
      await barriers.raise(tenant, 'cus-1', barrier(3, 'sms', 'wait'));
      assert.equal(await verdict(), 'wait');
    },
  },
  {
    name: 'between `*` and the channel the newer one is the answer; at the same offset the stricter',
    async run({ barriers }) {
      const tenant = newTenant();
      const answer = async (channel: string): Promise<Barrier | null | undefined> =>
        (await barriers.ask([question(tenant, { channel })]))[0]?.barrier;
      await barriers.raise(tenant, 'cus-1', barrier(50, '*', 'deny'));
      await barriers.raise(tenant, 'cus-1', barrier(40, 'sms', 'allow'));
      assert.deepEqual(await answer('sms'), barrier(50, '*', 'deny'));
      await barriers.raise(tenant, 'cus-1', barrier(60, 'sms', 'allow'));
      assert.deepEqual(await answer('sms'), barrier(60, 'sms', 'allow'));
      assert.deepEqual(await answer('messenger'), barrier(50, '*', 'deny'));
      await barriers.raise(tenant, 'cus-1', barrier(60, '*', 'wait'));
      assert.deepEqual(await answer('sms'), barrier(60, '*', 'wait'));
    },
  },
  {
    name: 'kill switches: everything, one channel, one provider; on, off, with who and why',
    async run({ barriers, elsewhere }) {
      const tenant = newTenant();
      const killed = async (more: Partial<BarrierQuestion> = {}): Promise<unknown> =>
        (await elsewhere.ask([question(tenant, more)]))[0]?.killed;
      await barriers.switchKill(kill(tenant, 'channel:sms'));
      assert.equal(await killed(), 'channel:sms');
      assert.equal(await killed({ channel: 'messenger' }), null);
      await barriers.switchKill(kill(tenant, 'channel:sms', false));
      assert.equal(await killed(), null);
      await barriers.switchKill(kill(tenant, 'provider:twilio'));
      assert.equal(await killed({ channel: 'voice' }), 'provider:twilio');
      assert.equal(await killed({ provider: 'other' }), null);
      await barriers.switchKill(kill(tenant, 'all'));
      assert.equal(await killed({ channel: 'messenger', provider: 'meta' }), 'all');
      assert.equal((await elsewhere.ask([question(newTenant())]))[0]?.killed, null);
      const known = [...(await elsewhere.killSwitches(tenant))].sort((a, b) => (a.scope < b.scope ? -1 : 1));
      assert.deepEqual(known, [
        kill(tenant, 'all'),
        kill(tenant, 'channel:sms', false),
        kill(tenant, 'provider:twilio'),
      ]);
      assert.deepEqual(await elsewhere.killSwitches(newTenant()), []);
    },
  },
  {
    name: 'many questions are answered in their order, whatever is in the names',
    async run({ barriers }) {
      const [one, two] = [newTenant(), newTenant()];
      const customers = Array.from({ length: 100 }, (_, i) => `cus:${i} {x} "é🔑"`);
      await Promise.all(customers.map((id, i) => barriers.raise(one, id, barrier(i + 1, 'sms', 'deny'))));
      await barriers.switchKill(kill(two, 'channel:e-mail'));
      const questions = customers.flatMap((customerId) => [
        question(one, { customerId }),
        question(two, { customerId, channel: 'e-mail' }),
      ]);
      const answers = await barriers.ask(questions);
      assert.equal(answers.length, 200);
      answers.forEach((answer, i) =>
        assert.deepEqual(
          answer,
          i % 2 === 0
            ? { barrier: barrier(i / 2 + 1, 'sms', 'deny'), killed: null }
            : { barrier: null, killed: 'channel:e-mail' },
        ),
      );
    },
  },
];

export interface BucketsUnderTest {
  readonly buckets: TokenBuckets;
  readonly elsewhere: TokenBuckets;
  /** Lets this much time pass on the clock of the buckets. */
  readonly elapse: (span: Span) => Promise<void>;
}

const newBucket = (): string => `bucket-${randomUUID()}`;

/** The contract of the token buckets. Rates are so low, or waits so long, that a slow machine changes no answer. */
export const bucketCases: readonly ContractCase<BucketsUnderTest>[] = [
  {
    name: 'a new bucket is full; what is taken is gone for everybody',
    async run({ buckets, elsewhere }) {
      const bucket = newBucket();
      const limit = { perSecond: 0.001, burst: 10 };
      assert.equal((await buckets.take(bucket, 7, limit)).granted, 7);
      const rest = await elsewhere.take(bucket, 7, limit);
      assert.equal(rest.granted, 3);
      assert.ok(rest.nextInMs > 900_000 && rest.nextInMs <= 1_000_000, `next in ${rest.nextInMs} ms`);
      assert.equal((await buckets.take(bucket, 1, limit)).granted, 0);
      assert.equal((await buckets.take(newBucket(), 1, limit)).granted, 1, 'another bucket is another matter');
    },
  },
  {
    name: 'a bucket refills up to its burst',
    async run({ buckets, elapse }) {
      const bucket = newBucket();
      const limit = { perSecond: 20, burst: 5 };
      assert.equal((await buckets.take(bucket, 5, { ...limit, perSecond: 0.001 })).granted, 5);
      await elapse(600);
      const { granted, nextInMs } = await buckets.take(bucket, 100, limit);
      assert.equal(granted, 5);
      assert.ok(nextInMs > 0 && nextInMs <= 50, `next in ${nextInMs} ms`);
    },
  },
  {
    name: 'the reserve is left for others, and used by them',
    async run({ buckets, elsewhere }) {
      const bucket = newBucket();
      const limit = { perSecond: 0.001, burst: 10 };
      const routine = await buckets.take(bucket, 10, { ...limit, reserve: 4 });
      assert.equal(routine.granted, 6);
      assert.ok(routine.nextInMs > 900_000);
      assert.equal((await elsewhere.take(bucket, 10, limit)).granted, 4);
    },
  },
  {
    name: 'of many who take at once, no more is granted than there is',
    async run({ buckets, elsewhere }) {
      const bucket = newBucket();
      const limit = { perSecond: 0.001, burst: 25 };
      const grants = await Promise.all(
        Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? buckets : elsewhere).take(bucket, 1, limit)),
      );
      assert.equal(
        grants.reduce((sum, { granted }) => sum + granted, 0),
        25,
      );
    },
  },
  {
    name: 'wanting nothing takes nothing and tells whether one is there',
    async run({ buckets }) {
      const bucket = newBucket();
      const limit = { perSecond: 0.001, burst: 1 };
      assert.deepEqual(await buckets.take(bucket, 0, limit), { granted: 0, nextInMs: 0 });
      assert.equal((await buckets.take(bucket, 1, limit)).granted, 1);
      assert.ok((await buckets.take(bucket, 0, limit)).nextInMs > 900_000);
    },
  },
];

export interface ShortTermUnderTest {
  readonly store: ShortTermStore;
  readonly elsewhere: ShortTermStore;
  readonly elapse: (span: Span) => Promise<void>;
}

const minute: Span = 60_000;

/** The contract of the short-term store: idempotency keys, single-use links and codes. */
export const shortTermCases: readonly ContractCase<ShortTermUnderTest>[] = [
  {
    name: 'putNew stores once and then says what stands there',
    async run({ store, elsewhere }) {
      const key = `idempotency:${randomUUID()}`;
      assert.equal(await store.get(key), null);
      assert.equal(await store.putNew(key, 'first', minute), null);
      assert.equal(await elsewhere.putNew(key, 'second', minute), 'first');
      assert.equal(await elsewhere.get(key), 'first');
    },
  },
  {
    name: 'of many who put the same new key, one succeeds',
    async run({ store, elsewhere }) {
      const key = `idempotency:${randomUUID()}`;
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? store : elsewhere).putNew(key, String(i), minute)),
      );
      assert.equal(answers.filter((answer) => answer === null).length, 1);
      assert.equal(new Set(answers.filter((answer) => answer !== null)).size, 1);
    },
  },
  {
    name: 'of many who take, one gets it',
    async run({ store, elsewhere }) {
      const key = `link:${randomUUID()} "é🔑"`;
      await store.put(key, 'old', minute);
      await store.put(key, 'value', minute);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? store : elsewhere).take(key)),
      );
      assert.deepEqual(
        answers.filter((answer) => answer !== null),
        ['value'],
      );
      assert.equal(await store.get(key), null);
      assert.equal(await store.putNew(key, 'again', minute), null);
    },
  },
  {
    name: 'what has expired is not there any more',
    async run({ store, elapse }) {
      const key = `code:${randomUUID()}`;
      await store.put(key, 'short', 150);
      await store.put(`${key}/long`, 'long', minute);
      await elapse(250);
      assert.equal(await store.get(key), null);
      assert.equal(await store.take(key), null);
      assert.equal(await store.putNew(key, 'new', minute), null);
      assert.equal(await store.get(`${key}/long`), 'long');
    },
  },
];
