import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { barrierCases, bucketCases, shortTermCases, stateCases } from '@tocsin/suites';
import { certificateAuthority, startRedis, startSentinels, uniqueName, waitUntil } from '@tocsin/testing';
import type { Authority, RunningRedis, RunningSentinels } from '@tocsin/testing';
import { aclUser, redisPermission, redisUses, sentinelCommands } from './redis-permissions.ts';
import { redisStore } from './redis-store.ts';
import type { RedisStore } from './redis-store.ts';
import { SteadyWriter, standing } from './steady-writer.testing.ts';

const installation = uniqueName('sentinel');
let authority: Authority;
let servers: readonly RunningRedis[] = [];
let sentinels: RunningSentinels;
const open: RedisStore[] = [];
let here: RedisStore;
let elsewhere: RedisStore;

/** Knows two of the three Sentinels; TLS and ACL users towards Sentinels and Redis alike. */
function opened(): RedisStore {
  const { cert, key } = authority.issue('tocsin');
  const store = redisStore({
    installation,
    replicas: 1,
    redis: {
      sentinels: sentinels.nodes.slice(0, 2).map((node) => ({ ...node })),
      name: 'mymaster',
      sentinelUsername: 'tocsin',
      sentinelPassword: 'for-the-sentinels',
      username: 'tocsin',
      password: 'for-this-test',
      tls: { ca: authority.ca, cert, key },
    },
  });
  open.push(store);
  return store;
}

beforeAll(async () => {
  authority = certificateAuthority();
  const tls = { authority, certificate: authority.issue('redis') };
  const permissions = redisUses.map((use) => redisPermission(use, installation, 'contract-*'));
  const users = ['default on >admin ~* &* +@all', aclUser('tocsin', 'for-this-test', permissions)];
  // Enough replicas for one to be lost and a revocation to be confirmed all the same.
  const primary = await startRedis({ tls, users, settings: { masterauth: 'admin' } });
  const replicaof = { masterauth: 'admin', replicaof: `${primary.host} ${primary.port}` };
  servers = [primary];
  for (let i = 0; i < 2; i++) servers = [...servers, await startRedis({ tls, users, settings: replicaof })];
  sentinels = await startSentinels({
    primary,
    tls,
    password: 'admin',
    users: [
      'default on >admin ~* &* +@all',
      `tocsin on >for-the-sentinels &+switch-master ${sentinelCommands.map((command) => `+${command}`).join(' ')}`,
    ],
  });
  here = opened();
  elsewhere = opened();
});

afterAll(async () => {
  await Promise.all(open.map((store) => store.close()));
  await sentinels?.stop();
  await Promise.all(servers.map((server) => server.stop()));
  authority?.remove();
});

const serverAt = ({ port }: { readonly port: number }): RunningRedis => servers.find((server) => server.port === port)!;
const deny = (offset: number) => ({ offset, channel: 'sms', verdict: 'deny' }) as const;
const question = { tenantId: 'bank', customerId: 'cus-1', channel: 'sms', provider: 'x' };

/** As callers do: what is not acknowledged is asked for again. */
const acknowledged = <T>(what: string, ask: () => Promise<T>): Promise<readonly [T]> =>
  waitUntil(
    what,
    () =>
      ask().then(
        (answer) => [answer] as const,
        () => undefined,
      ),
    { everyMs: 100 },
  );

/** Writes on and on while something befalls the primary; then state is of one moment, and revocations are there. */
async function survives(stage: string, offset: number, blow: (primary: RunningRedis) => unknown): Promise<void> {
  const former = serverAt(sentinels.primary());
  const slot = here.state.slot(stage, 0);
  const writer = new SteadyWriter(slot);
  writer.start();
  try {
    await waitUntil('some checkpoints', () => writer.acknowledged > 20);
    await acknowledged('the revocation', () => here.barriers.raise('bank', 'cus-1', deny(offset)));
    await blow(former);
    await waitUntil('another primary', () => sentinels.primary().port !== former.port, {
      withinMs: 30_000,
      everyMs: 200,
    });
    await waitUntil('the writer to have come back', () => writer.comebacks.length > 0);
    const reached = writer.acknowledged;
    await waitUntil('checkpoints at the new primary', () => writer.acknowledged > reached + 10, { withinMs: 30_000 });
  } finally {
    await writer.stop();
  }
  expect(await standing(slot)).toBe(writer.acknowledged);
  const [answers] = await acknowledged('an answer', () => elsewhere.barriers.ask([question]));
  expect(answers).toEqual([{ barrier: deny(offset), killed: null }]);
  const key = `{${installation}:b:bank:cus-1}`;
  expect(serverAt(sentinels.primary()).cli('-a', 'admin', 'HGET', key, 'sms')).toBe(`${offset} deny`);
}

describe('behind Sentinels, by TLS, as an ACL user that is allowed the least', () => {
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

  it('nothing was refused', () => {
    for (const server of servers) expect(server.cli('-a', 'admin', 'ACL', 'LOG')).toBe('');
  });

  it('the primary is demoted: writes go on with the new one', () =>
    survives('contract-demoted', 1, async (primary) => {
      // An operator's own fail-over: the former primary lives on as a replica, and would answer reads.
      await waitUntil('the Sentinels to agree', () => {
        const { port } = sentinels.nodes[0]!;
        return failOver(primary, port);
      });
    }));

  it('the primary is killed: writes go on with the new one', () =>
    survives('contract-killed', 2, (primary) => primary.kill()));
});

/** Asks a Sentinel for a fail-over; it refuses while another is under way. */
function failOver(primary: RunningRedis, sentinel: number): boolean {
  try {
    return primary.cli('-p', sentinel, '-a', 'admin', 'SENTINEL', 'FAILOVER', 'mymaster') === 'OK';
  } catch {
    return false;
  }
}
