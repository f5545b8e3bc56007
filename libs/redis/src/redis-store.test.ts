import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { barrierCases, bucketCases, shortTermCases, stateCases } from '@tocsin/suites';
import { startRedis, uniqueName } from '@tocsin/testing';
import type { RunningRedis } from '@tocsin/testing';
import { redisStore } from './redis-store.ts';
import type { RedisStore } from './redis-store.ts';

let redis: RunningRedis;
let here: RedisStore;
let elsewhere: RedisStore;

beforeAll(async () => {
  redis = await startRedis();
  const options = { installation: uniqueName('suite'), redis: { host: redis.host, port: redis.port } };
  here = redisStore(options);
  elsewhere = redisStore(options);
});

afterAll(async () => {
  await here.close();
  await elsewhere.close();
  await redis.stop();
});

describe('state', () => {
  it.each(stateCases)('$name', ({ run }) =>
    run({ store: here.state, rival: elsewhere.state, elapse: (span) => sleep(span) }),
  );
});

describe('barriers', () => {
  it.each(barrierCases)('$name', ({ run }) => run({ barriers: here.barriers, elsewhere: elsewhere.barriers }));
});

describe('token buckets', () => {
  it.each(bucketCases)('$name', ({ run }) =>
    run({ buckets: here.buckets, elsewhere: elsewhere.buckets, elapse: (span) => sleep(span) }),
  );
});

describe('short-term texts', () => {
  it.each(shortTermCases)('$name', ({ run }) =>
    run({ store: here.shortTerm, elsewhere: elsewhere.shortTerm, elapse: (span) => sleep(span) }),
  );
});

describe('names', () => {
  it('refuses an installation or a stage that would move keys to another slot', () => {
    expect(() => redisStore({ installation: 'a}{b' })).toThrow(expect.objectContaining({ code: 'MISCONFIGURED' }));
    expect(() => here.state.slot('detect}', 0)).toThrow(expect.objectContaining({ code: 'MISCONFIGURED' }));
    expect(() => here.state.slot('detect', -1)).toThrow(expect.objectContaining({ code: 'MISCONFIGURED' }));
  });
});
