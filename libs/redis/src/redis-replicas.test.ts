import { afterEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedis, waitUntil } from '@tocsin/testing';
import type { RunningRedis } from '@tocsin/testing';
import { redisState, redisStore } from './redis-store.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function started(options: Parameters<typeof startRedis>[0] = {}): Promise<RunningRedis> {
  const redis = await startRedis(options);
  cleanUps.push(() => redis.stop());
  return redis;
}

const optionsFor = ({ host, port }: { readonly host: string; readonly port: number }) => ({
  installation: 'faults',
  redis: { host, port },
});

function opened(redis: RunningRedis, more: object = {}) {
  const state = redisState({ ...optionsFor(redis), ...more });
  cleanUps.push(() => state.close());
  return state;
}

function bare(redis: RunningRedis): Redis {
  const client = new Redis({ host: redis.host, port: redis.port });
  client.on('error', () => undefined);
  cleanUps.push(() => client.disconnect());
  return client;
}

describe('replicas', () => {
  it('a revocation is acknowledged when the replicas that are demanded have it', async () => {
    const primary = await started();
    const replica = await started();
    await bare(replica).replicaof(primary.host, primary.port);
    await waitUntil('the replica', async () => (await bare(primary).info('replication')).includes('state=online'));
    const deny = { offset: 5, channel: 'sms', verdict: 'deny' } as const;

    const one = redisStore({ ...optionsFor(primary), replicas: 1 });
    cleanUps.push(() => one.close());
    await one.barriers.raise('bank', 'cus-1', deny);
    expect(await bare(replica).hgetall('{faults:b:bank:cus-1}')).toEqual({ sms: '5 deny' });
    expect(await one.state.check()).toEqual([]);
    // A server that forgot its scripts: the write must still come before the WAIT that confirms it.
    await bare(primary).script('FLUSH');
    await one.barriers.raise('bank', 'cus-1', { ...deny, offset: 6 });
    expect(await bare(replica).hgetall('{faults:b:bank:cus-1}')).toEqual({ sms: '6 deny' });

    const two = redisStore({ ...optionsFor(primary), replicas: 2, timeoutMs: 600 });
    cleanUps.push(() => two.close());
    await expect(two.barriers.raise('bank', 'cus-1', deny)).rejects.toMatchObject({ code: 'REPLICAS_MISSING' });
    expect(await two.state.check()).toEqual([expect.stringMatching(/1 replicas, and 2 must confirm/)]);

    const lost = redisState({ ...optionsFor(replica) });
    cleanUps.push(() => lost.close());
    expect(await lost.check()).toEqual([expect.stringMatching(/is a replica/)]);
    await expect(lost.slot('detect', 0).acquire({ leaseMs: 1, takeOver: true })).rejects.toMatchObject({
      code: 'REFUSED',
    });
  });

  it('too few replicas to write: refused whole', async () => {
    const redis = await started({ appendonly: true, settings: { 'min-replicas-to-write': 1 } });
    const state = opened(redis, { production: true });
    expect(await state.check()).toEqual([]);
    await expect(state.slot('detect', 0).acquire({ leaseMs: 1, takeOver: true })).rejects.toMatchObject({
      code: 'REFUSED',
    });
    expect(await bare(redis).dbsize()).toBe(0);
  });
});

describe('check', () => {
  it('refuses an eviction policy, and in production what may lose writes', async () => {
    const redis = await started({ settings: { 'maxmemory-policy': 'allkeys-lru' } });
    expect(await opened(redis).check()).toEqual([expect.stringContaining('maxmemory-policy noeviction')]);
    expect(await opened(redis, { production: true }).check()).toEqual([
      expect.stringContaining('maxmemory-policy noeviction'),
      expect.stringContaining('min-replicas-to-write 1'),
      expect.stringContaining('appendonly yes'),
    ]);
  });
});
