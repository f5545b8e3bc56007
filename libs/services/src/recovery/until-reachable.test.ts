import { afterEach, describe, expect, it } from '@jest/globals';
import { redisStore } from '@tocsin/redis';
import type { RedisStore } from '@tocsin/redis';
import { freePort, startRedis } from '@tocsin/testing';
import { untilReachable } from './until-reachable.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Asks as impatiently as on a machine on which connecting takes longer than the store waits for an answer. */
function opened(port: number): RedisStore {
  const store = redisStore({ installation: 'reach', redis: { host: '127.0.0.1', port }, timeoutMs: 100 });
  cleanUps.push(() => store.close());
  return store;
}

describe('a command that needs the store', () => {
  it('waits until it can be reached, and then does what a command does', async () => {
    const port = await freePort();
    const store = opened(port);
    await expect(store.shortTerm.put('asked', 'retry', 10_000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const reached = untilReachable(store);
    const redis = await startRedis({ port });
    cleanUps.push(() => redis.stop());
    await reached;
    await store.shortTerm.put('asked', 'retry', 10_000);
    await expect(store.shortTerm.take('asked')).resolves.toBe('retry');
  });

  it('says why it cannot be reached', async () => {
    const store = opened(await freePort());
    await expect(untilReachable(store, 300)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
