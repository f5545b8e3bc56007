import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { barrierCases, bucketCases, stateCases } from '@tocsin/suites';
import { freePorts, startRedis, uniqueName, waitUntil } from '@tocsin/testing';
import type { RunningRedis } from '@tocsin/testing';
import { redisStore } from './redis-store.ts';
import type { RedisStore } from './redis-store.ts';

const slots = 16_384;
let servers: readonly RunningRedis[] = [];
let here: RedisStore;
let elsewhere: RedisStore;

/** Three primaries that share the slots. */
async function formCluster(): Promise<void> {
  const ports = await freePorts(6);
  servers = await Promise.all(
    [0, 1, 2].map((i) =>
      startRedis({
        port: ports[i]!,
        settings: { 'cluster-enabled': 'yes', 'cluster-port': ports[i + 3]!, 'cluster-node-timeout': 2_000 },
      }),
    ),
  );
  const clients = servers.map(({ host, port }) => new Redis({ host, port, enableReadyCheck: false }));
  try {
    for (const [i, client] of clients.entries()) {
      const from = Math.floor((slots * i) / 3);
      const until = Math.floor((slots * (i + 1)) / 3) - 1;
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(until));
      if (i > 0) await client.call('CLUSTER', 'MEET', servers[0]!.host, String(ports[0]), String(ports[3]));
    }
    for (const client of clients) {
      await waitUntil('the cluster', async () => {
        const info = String(await client.call('CLUSTER', 'INFO'));
        return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
      });
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
}

beforeAll(async () => {
  await formCluster();
  const options = {
    installation: uniqueName('cluster'),
    cluster: { nodes: servers.map(({ host, port }) => ({ host, port })) },
  };
  here = redisStore(options);
  elsewhere = redisStore(options);
});

afterAll(async () => {
  await here.close();
  await elsewhere.close();
  await Promise.all(servers.map((server) => server.stop()));
});

describe('on a Cluster', () => {
  it.each(stateCases)('state: $name', ({ run }) =>
    run({ store: here.state, rival: elsewhere.state, elapse: (span) => sleep(span) }),
  );
  it.each(barrierCases)('barriers: $name', ({ run }) =>
    run({ barriers: here.barriers, elsewhere: elsewhere.barriers }),
  );
  it.each(bucketCases)('buckets: $name', ({ run }) =>
    run({ buckets: here.buckets, elsewhere: elsewhere.buckets, elapse: (span) => sleep(span) }),
  );

  it('the partitions of a stage are spread over the nodes', async () => {
    const stage = 'spread';
    for (let partition = 0; partition < 32; partition++) {
      await here.state.slot(stage, partition).acquire({ leaseMs: 1_000, takeOver: true });
    }
    const counts = await Promise.all(
      servers.map(async ({ host, port }) => {
        const client = new Redis({ host, port });
        try {
          return (await client.keys(`*:${stage}:*`)).length;
        } finally {
          client.disconnect();
        }
      }),
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(32);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });
});
