import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { barrierCases, bucketCases, shortTermCases, stateCases } from '@tocsin/suites';
import { certificateAuthority, startRedisCluster, uniqueName, waitUntil } from '@tocsin/testing';
import type { Authority, RunningRedis, RunningRedisCluster } from '@tocsin/testing';
import { aclUser, redisPermission, redisUses } from './redis-permissions.ts';
import { redisStore } from './redis-store.ts';
import type { RedisStore } from './redis-store.ts';
import { SteadyWriter, standing } from './steady-writer.testing.ts';

const installation = uniqueName('cluster');
let authority: Authority;
let cluster: RunningRedisCluster;
const open: RedisStore[] = [];
let here: RedisStore;
let elsewhere: RedisStore;

/** Knows one node; TLS with a certificate of its own, and an ACL user that may do no more than it must. */
function opened(more: object = {}): RedisStore {
  const { cert, key } = authority.issue('tocsin');
  const { host, port } = cluster.servers[0]!;
  const redis = { username: 'tocsin', password: 'for-this-test', tls: { ca: authority.ca, cert, key } };
  const store = redisStore({ installation, cluster: { nodes: [{ host, port }], redis }, replicas: 1, ...more });
  open.push(store);
  return store;
}

beforeAll(async () => {
  authority = certificateAuthority();
  const permissions = redisUses.map((use) => redisPermission(use, installation, 'contract-*'));
  cluster = await startRedisCluster({
    replicas: 1,
    tls: { authority, certificate: authority.issue('redis') },
    users: ['default on >admin ~* &* +@all', aclUser('tocsin', 'for-this-test', permissions, { cluster: true })],
    password: 'admin',
  });
  here = opened();
  elsewhere = opened();
  // A client that could not ask the nodes in time asks again a little later, and refuses until then.
  for (const { state } of [here, elsewhere]) {
    await waitUntil('the Cluster to answer', () =>
      state.ping().then(
        () => true,
        () => false,
      ),
    );
  }
});

afterAll(async () => {
  await Promise.all(open.map((store) => store.close()));
  await cluster?.stop();
  authority?.remove();
});

const cli = (node: RunningRedis, ...parameters: readonly (string | number)[]): string =>
  cluster.cli(node, ...parameters);
const idOf = (node: RunningRedis): string => cli(node, 'CLUSTER', 'MYID');
const keysOf = (node: RunningRedis, pattern: string): readonly string[] =>
  cli(node, 'KEYS', pattern).split('\n').filter(Boolean);

/** Which primary serves the slot of this key, as the first of them sees it. */
function ownerOf(key: string): RunningRedis {
  const slot = Number(cli(cluster.primaries[0]!, 'CLUSTER', 'KEYSLOT', key));
  const width = 16_384 / cluster.primaries.length;
  return cluster.primaries[Math.min(cluster.primaries.length - 1, Math.floor(slot / width))]!;
}

/** A slot on its way from its owner to another primary, in the steps of an operator. */
function migration(key: string, source: RunningRedis, target: RunningRedis) {
  const slot = Number(cli(source, 'CLUSTER', 'KEYSLOT', key));
  return {
    begin(): void {
      cli(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', idOf(source));
      cli(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', idOf(target));
    },
    moveKeys(count: number): number {
      const keys = cli(source, 'CLUSTER', 'GETKEYSINSLOT', slot, count).split('\n').filter(Boolean);
      if (keys.length === 0) return 0;
      cli(source, 'MIGRATE', target.host, target.port, '', 0, 5_000, 'AUTH', 'admin', 'KEYS', ...keys);
      return keys.length;
    },
    end(): void {
      for (const node of [target, source]) cli(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', idOf(target));
    },
  };
}

const otherThan = (node: RunningRedis): RunningRedis => cluster.primaries.find((one) => one !== node)!;

describe('on a Cluster, by TLS, as an ACL user that is allowed the least', () => {
  it.each(stateCases)('state: $name', ({ run }) =>
    run({ store: here.state, rival: elsewhere.state, elapse: (span) => sleep(span) }),
  );
  it.each(barrierCases)('barriers: $name', ({ run }) =>
    run({ barriers: here.barriers, elsewhere: elsewhere.barriers }),
  );
  it.each(bucketCases)('buckets: $name', ({ run }) =>
    run({ buckets: here.buckets, elsewhere: elsewhere.buckets, elapse: (span) => sleep(span) }),
  );
  it.each(shortTermCases)('short-term texts: $name', ({ run }) =>
    run({ store: here.shortTerm, elsewhere: elsewhere.shortTerm, elapse: (span) => sleep(span) }),
  );

  it('the partitions of a stage are spread over the nodes', async () => {
    const stage = 'contract-spread';
    for (let partition = 0; partition < 32; partition++) {
      await here.state.slot(stage, partition).acquire({ leaseMs: 1_000, takeOver: true });
    }
    const counts = cluster.primaries.map((node) => keysOf(node, `*:${stage}:*`).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(32);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it('check looks at every node, and names the one that is unfit', async () => {
    const unfit = cluster.primaries[1]!;
    expect(await here.state.check()).toEqual([]);
    cli(unfit, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    try {
      expect(await here.state.check()).toEqual([
        expect.stringMatching(new RegExp(`noeviction.*${unfit.host}:${unfit.port}`)),
      ]);
    } finally {
      cli(unfit, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    }
  });

  it('a node that is addressed as if it stood alone is refused', async () => {
    const { host, port } = cluster.servers[0]!;
    const { cert, key } = authority.issue('tocsin');
    const redis = { host, port, username: 'tocsin', password: 'for-this-test', tls: { ca: authority.ca, cert, key } };
    const alone = redisStore({ installation, redis });
    open.push(alone);
    expect(await alone.state.check()).toEqual([expect.stringContaining('node of a Cluster')]);
  });

  it('nothing was refused, and no permission was too many', () => {
    for (const node of cluster.servers) expect(cli(node, 'ACL', 'LOG')).toBe('');
    const used = new Set(
      cluster.servers.flatMap((node) =>
        [...cli(node, 'INFO', 'commandstats').matchAll(/^cmdstat_([^:]+):/gm)].map(([, command]) => command),
      ),
    );
    const allowed = redisUses.flatMap((use) => redisPermission(use, installation).commands);
    expect([...new Set<string>(allowed)].filter((command) => !used.has(command))).toEqual([]);
  });
});

describe('a slot moves to another node', () => {
  it('in the middle of checkpoints: each is whole, none that was acknowledged is lost', async () => {
    const slot = here.state.slot('contract-move', 0);
    const tag = `{${installation}:contract-move:0}`;
    const writer = new SteadyWriter(slot);
    writer.start();
    const source = ownerOf(tag);
    try {
      await waitUntil('some checkpoints', () => writer.acknowledged > 5);
      const move = migration(tag, source, otherThan(source));
      move.begin();
      // Some keys here and some there: a script cannot have them all, and must do nothing.
      expect(move.moveKeys(5)).toBe(5);
      await sleep(300);
      while (move.moveKeys(100) > 0);
      move.end();
      const reached = writer.acknowledged;
      await waitUntil('checkpoints at the new node', () => writer.acknowledged > reached + 5);
    } finally {
      await writer.stop();
    }
    for (const { acknowledged, found } of writer.comebacks) {
      expect([acknowledged, acknowledged + 1]).toContain(found);
    }
    expect(await standing(slot)).toBe(writer.acknowledged);
    expect(keysOf(source, `${tag}*`)).toEqual([]);
    // Another process, which knows nothing of the move yet.
    expect(await standing(elsewhere.state.slot('contract-move', 0))).toBe(writer.acknowledged);
  });

  it('a revocation goes where its key is, and is confirmed by the replica of that node', async () => {
    // The name of a customer whose slot can be moved without touching other tests.
    const key = `{${installation}:b:bank:cus-move}`;
    const source = ownerOf(key);
    const target = otherThan(source);
    const move = migration(key, source, target);
    const deny = (offset: number) => ({ offset, channel: 'sms', verdict: 'deny' }) as const;
    move.begin();
    // On its way, and not there yet: Redis says ASK.
    await here.barriers.raise('bank', 'cus-move', deny(1));
    expect(cli(target, 'CLUSTER', 'COUNTKEYSINSLOT', Number(cli(target, 'CLUSTER', 'KEYSLOT', key)))).toBe('1');
    move.end();
    // It has moved, and the client does not know: Redis says MOVED.
    await elsewhere.barriers.raise('bank', 'cus-move', deny(2));
    expect(cli(target, 'HGET', key, 'sms')).toBe('2 deny');
    const question = { tenantId: 'bank', customerId: 'cus-move', channel: 'sms', provider: 'x' };
    expect(await here.barriers.ask([question])).toEqual([{ barrier: deny(2), killed: null }]);
    const replica = cluster.servers[cluster.primaries.length + cluster.primaries.indexOf(target)]!;
    expect(Number(cli(replica, 'CLUSTER', 'COUNTKEYSINSLOT', Number(cli(target, 'CLUSTER', 'KEYSLOT', key))))).toBe(1);
  });
});

describe('a primary is killed', () => {
  it('its replica goes on: state of one moment, and no revocation that was acknowledged is missing', async () => {
    const tag = `{${installation}:contract-fail-over:0}`;
    const slot = here.state.slot('contract-fail-over', 0);
    const victim = ownerOf(tag);
    // Customers whose barriers lie on the node that will be gone.
    const customers = Array.from({ length: 40 }, (_, i) => `cus-${i}`).filter(
      (id) => ownerOf(`{${installation}:b:bank:${id}}`) === victim,
    );
    expect(customers.length).toBeGreaterThan(3);
    const writer = new SteadyWriter(slot);
    writer.start();
    try {
      await waitUntil('some checkpoints', () => writer.acknowledged > 20);
      for (const id of customers) await here.barriers.raise('bank', id, { offset: 7, channel: 'sms', verdict: 'deny' });
      await victim.kill();
      await waitUntil('the writer to have come back', () => writer.comebacks.length > 0, { withinMs: 30_000 });
      const reached = writer.acknowledged;
      await waitUntil('checkpoints at the new primary', () => writer.acknowledged > reached + 10);
    } finally {
      await writer.stop();
    }
    expect(await standing(slot)).toBe(writer.acknowledged);
    const questions = customers.map((customerId) => ({ tenantId: 'bank', customerId, channel: 'sms', provider: 'x' }));
    for (const { barrier } of await elsewhere.barriers.ask(questions)) expect(barrier).toMatchObject({ offset: 7 });
    // It has no replica now, so a revocation cannot be confirmed; the others still can.
    await expect(
      here.barriers.raise('bank', customers[0]!, { offset: 8, channel: 'sms', verdict: 'deny' }),
    ).rejects.toMatchObject({ code: 'REPLICAS_MISSING' });
    expect(await here.state.check()).toEqual([expect.stringMatching(/0 replicas, and 1 must confirm/)]);
  });
});
