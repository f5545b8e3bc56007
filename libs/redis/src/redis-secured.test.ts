import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { barrierCases, bucketCases, shortTermCases, stateCases } from '@tocsin/suites';
import { certificateAuthority, startRedis, uniqueName } from '@tocsin/testing';
import type { Authority, Certificate, RunningRedis } from '@tocsin/testing';
import { aclUser, connectionCommands, redisPermission, redisUses } from './redis-permissions.ts';
import { redisStore } from './redis-store.ts';
import type { RedisStore } from './redis-store.ts';

const installation = uniqueName('secured');
let authority: Authority;
let client: Certificate;
let redis: RunningRedis;
let here: RedisStore;
let elsewhere: RedisStore;

/** As the adapter connects, but for what is given. */
const address = (more: object = {}) => ({
  host: redis.host,
  port: redis.port,
  username: 'tocsin',
  password: 'for-this-test',
  tls: { ca: authority.ca, cert: client.cert, key: client.key },
  ...more,
});

beforeAll(async () => {
  authority = certificateAuthority();
  client = authority.issue('tocsin');
  // The suites make stages of their own, all named contract-...
  const permissions = redisUses.map((use) => redisPermission(use, installation, 'contract-*'));
  redis = await startRedis({
    tls: { authority, certificate: authority.issue('redis') },
    users: ['default off', 'admin on >admin ~* &* +@all', aclUser('tocsin', 'for-this-test', permissions)],
  });
  here = redisStore({ installation, redis: address() });
  elsewhere = redisStore({ installation, redis: address() });
});

afterAll(async () => {
  await here?.close();
  await elsewhere?.close();
  await redis?.stop();
  authority?.remove();
});

describe('by TLS, as an ACL user that is allowed the least', () => {
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

  it('nothing was refused, and no permission was too many', async () => {
    const admin = new Redis(address({ username: 'admin', password: 'admin' }));
    try {
      expect(await admin.acl('LOG')).toEqual([]);
      const stats = await admin.info('commandstats');
      const used = new Set([...stats.matchAll(/^cmdstat_([^:]+):/gm)].map(([, command]) => command));
      const allowed = [
        ...connectionCommands,
        ...redisUses.flatMap((use) => redisPermission(use, installation).commands),
      ];
      // WAIT is sent where replicas must confirm: the Sentinel and Cluster tests have some.
      expect([...new Set(allowed)].filter((command) => !used.has(command))).toEqual(['wait']);
    } finally {
      admin.disconnect();
    }
  });
});

describe('what is not allowed is refused', () => {
  it('keys of another installation, and of another use', async () => {
    const stranger = redisStore({ installation: 'another', redis: address() });
    try {
      await expect(stranger.state.slot('contract-x', 0).position()).rejects.toMatchObject({ code: 'REFUSED' });
      await expect(stranger.shortTerm.get('x')).rejects.toMatchObject({ code: 'REFUSED' });
      await expect(
        stranger.barriers.raise('bank', 'cus-1', { offset: 1, channel: 'sms', verdict: 'deny' }),
      ).rejects.toMatchObject({ code: 'REFUSED' });
      await expect(here.state.slot('detect', 0).acquire({ leaseMs: 1, takeOver: true })).rejects.toMatchObject({
        code: 'REFUSED',
      });
    } finally {
      await stranger.close();
    }
  });

  it.each([
    [
      'a server whose authority is unknown',
      () => ({ tls: { ...address().tls, ca: certificateAuthorityOfAnother().ca } }),
    ],
    ['a client without a certificate', () => ({ tls: { ca: authority.ca } })],
    ['a server without TLS', () => ({ tls: undefined })],
    [
      'a certificate that is made out to another name',
      () => ({ tls: { ...address().tls, servername: 'elsewhere.example' } }),
    ],
    ['a wrong password', () => ({ password: 'hunter2' })],
    ['the default user', () => ({ username: undefined, password: undefined })],
  ])('%s', async (_, more) => {
    const store = redisStore({ installation, redis: { ...address(), ...more() }, timeoutMs: 1_000 });
    try {
      const error = await store.state.ping().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'RedisError' });
      expect(String(error)).not.toContain('hunter2');
    } finally {
      await store.close();
    }
  });
});

let another: Authority | undefined;
function certificateAuthorityOfAnother(): Authority {
  return (another ??= certificateAuthority());
}
afterAll(() => another?.remove());
