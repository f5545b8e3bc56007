import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames } from '@tocsin/core';
import { kafkaLog } from '@tocsin/kafka';
import { aclUser } from '@tocsin/redis';
import { actors, permissionsOf, serviceNames } from '@tocsin/services';
import type { Actor } from '@tocsin/services';
import { startFakeTwilio } from '@tocsin/simulator';
import type { FakeTwilio } from '@tocsin/simulator';
import { certificateAuthority, freePorts, startRedis, startSecuredKafka, waitUntil } from '@tocsin/testing';
import type { Authority, RunningRedis, SecuredKafka } from '@tocsin/testing';
import { aclsOf, administer } from './harness/acls.ts';
import { BankApi } from './harness/bank-api.ts';
import { ServiceProcess } from './harness/service-process.ts';
import { partitions, secrets } from './harness/settings.ts';
import { dump, header, lag } from './harness/topics.ts';

/*
 * The whole product where nobody may do more than docs/operating.md says: an authorizer that allows nothing by itself, an
 * ACL user of Redis for each service, TLS everywhere. A transaction becomes a message, a revocation holds, a record is
 * rejected, an operator looks; and neither Kafka nor Redis has refused anything.
 */

const installation = 'secured';
const bankTopic = 'bank.payments';
const place = { installation, sources: [{ name: 'payments', topic: bankTopic }] };
const userOf = (actor: Actor): string => `tocsin-${actor}`;
const passwordOf = (actor: Actor): string => createHash('sha256').update(`${actor} of this test`).digest('hex');
const bank = { name: 'the-bank', password: 'of-the-bank' };

const folder = mkdtempSync(join(tmpdir(), 'tocsin-secured-'));
let authority: Authority;
let kafka: SecuredKafka;
let redis: RunningRedis;
let twilio: FakeTwilio;
let services: readonly ServiceProcess[] = [];
let api: BankApi;

/** What was allowed and not used: for these channels nobody is configured, and nothing failed; nobody was asked about fraud. */
const didNotHappen = [
  /deliveries\.(messenger|email)\./,
  /^(alert|deliver) Write deliveries\.sms\.urgent$/,
  /(Write|Read) dead-letters$/,
  /^alert Write (account-events|bank-requests|cases)$/,
];

/** Makes the bank's topic and every ACL. */
const permit = (): Promise<void> =>
  administer(kafka.admin, async (admin) => {
    await admin.createTopics({ topics: [{ topic: bankTopic, numPartitions: 2 }], waitForLeaders: true });
    const write = { resource: 'topic', name: bankTopic, pattern: 'literal', operations: ['Write'] } as const;
    const forUs = actors.flatMap((actor) => aclsOf(userOf(actor), permissionsOf(actor, place).kafka));
    await admin.createAcls({ acl: [...forUs, ...aclsOf(bank.name, [write])] });
  });

/** Some come by password and some by certificate, some by the one client and some by the other. */
function kafkaSettings(actor: Actor): object {
  const byCertificate = actor === 'detect' || actor === 'deliver';
  const client = actor === 'detect' || actor === 'alert' ? 'platformatic' : 'kafkajs';
  const { cert, key } = authority.issue(userOf(actor));
  return byCertificate
    ? { client, brokers: [kafka.mutual], ssl: { ca: authority.ca, cert, key } }
    : {
        client,
        brokers: [kafka.sasl],
        ssl: { ca: authority.ca },
        sasl: { mechanism: 'scram-sha-512', username: userOf(actor), password: passwordOf(actor) },
      };
}

function settingsFor(actor: Actor, gatewayUrl: string): object {
  const { cert, key } = authority.issue(`${userOf(actor)}-redis`);
  return {
    installation,
    secret: secrets.installation,
    storage: 'kafka',
    kafka: kafkaSettings(actor),
    redis: {
      host: redis.host,
      port: redis.port,
      username: userOf(actor),
      password: passwordOf(actor),
      tls: { ca: authority.ca, cert, key },
    },
    partitions,
    sources: [{ name: 'payments', topic: bankTopic, tenant: 'bank', startAt: 'earliest' }],
    tenants: { bank: { bankName: 'Tocsin Bank' } },
    channels: {
      sms: {
        tenant: 'bank',
        provider: 'twilio',
        twilio: {
          baseUrl: twilio.url,
          accountSid: secrets.accountSid,
          password: secrets.authToken,
          authTokens: [secrets.authToken],
          from: '+15550100',
          statusCallbackUrl: `${gatewayUrl}/webhooks/sms`,
        },
      },
    },
    gateway: {
      publicUrl: gatewayUrl,
      apiKeys: [
        {
          id: 'core-banking',
          tenant: 'bank',
          sha256: createHash('sha256').update(secrets.apiKey).digest('hex'),
          scopes: ['customers:read', 'customers:write', 'accounts:write', 'alerts:read', 'kill-switch'],
        },
      ],
    },
    engine: { checkpointMs: 300 },
  };
}

/** `tocsin` as the operator. */
function tocsin(...parameters: readonly string[]): string {
  const program = fileURLToPath(new URL('../../../apps/tocsin/bin/tocsin.mjs', import.meta.url));
  const run = spawnSync(process.execPath, [program, '--config', join(folder, 'operator.yaml'), ...parameters], {
    encoding: 'utf8',
  });
  if (run.status !== 0)
    throw new Error(`tocsin ${parameters.join(' ')} ended with ${run.status}: ${run.stderr}${run.stdout}`);
  return run.stdout;
}

const payment = (more: object = {}) => ({
  id: `t-${randomBytes(6).toString('hex')}`,
  accountId: 'acc-1',
  occurredAt: new Date().toISOString(),
  amount: { value: '75.00', currency: 'EUR' },
  direction: 'debit',
  status: 'authorised',
  channel: 'card-present',
  merchant: { id: 'm-1', name: 'Corner Coffee', mcc: '5814', country: 'BG' },
  ...more,
});

/** The bank writes, as a user of its own. */
async function bankWrites(...values: readonly object[]): Promise<void> {
  const log = kafkaLog({
    brokers: [kafka.sasl],
    clientId: 'bank',
    ssl: { ca: authority.ca },
    sasl: { mechanism: 'scram-sha-512', username: bank.name, password: bank.password },
  });
  try {
    await log.append(
      values.map((value) => ({ topic: bankTopic, partition: 0, key: 'acc-1', value: JSON.stringify(value) })),
    );
  } finally {
    await log.close();
  }
}

/** A machine that is busy with other things is not what is tested here. */
const patience = { withinMs: 60_000, everyMs: 100 };

const classes = ['existence', 'amount', 'merchant', 'time', 'last4'];
const consents = (action: 'grant' | 'revoke') => ({
  changes: classes.map((dataClass) => ({ channel: 'sms', purpose: 'account-alert', dataClass, action })),
  source: 'branch',
});

beforeAll(async () => {
  authority = certificateAuthority();
  const users = Object.fromEntries(actors.map((actor) => [userOf(actor), passwordOf(actor)]));
  kafka = await startSecuredKafka({ authority, users: { ...users, [bank.name]: bank.password } });
  redis = await startRedis({
    tls: { authority, certificate: authority.issue('redis') },
    users: [
      'default on >admin ~* &* +@all',
      ...actors.map((actor) => aclUser(userOf(actor), passwordOf(actor), permissionsOf(actor, place).redis)),
    ],
  });
  const { accountSid, authToken } = secrets;
  twilio = await startFakeTwilio({ accountSid, authToken, from: ['+15550100'], reports: ['sent', 'delivered'] });
  await permit();
  const ports = await freePorts(serviceNames.length);
  services = serviceNames.map((name, i) => new ServiceProcess(name, folder, ports[i]!));
  const gatewayUrl = services[serviceNames.indexOf('gateway')]!.url;
  writeFileSync(join(folder, 'operator.yaml'), JSON.stringify(settingsFor('operator', gatewayUrl)));
  services.forEach((service, i) => service.configure(settingsFor(serviceNames[i]!, gatewayUrl)));
  tocsin('topics', 'create');
  await Promise.all(services.map((service) => service.start()));
  api = new BankApi(gatewayUrl, secrets.apiKey);
}, 240_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.end('SIGTERM')));
  await twilio?.stop();
  await redis?.stop();
  await kafka?.stop();
  authority?.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe('five services, none of which may do more than it must', () => {
  it('tell a customer of a payment, hold to a revocation, reject what is broken', async () => {
    await api.put('customers/cus-1/profile', {
      language: 'en',
      timeZone: 'Europe/Sofia',
      contactPoints: { sms: { address: '+15550123', verified: true } },
      channelOrder: ['sms'],
    });
    await api.post('customers/cus-1/consents', consents('grant'));
    await api.put('accounts/acc-1/holders', { holders: [{ customerId: 'cus-1', role: 'owner' }] });
    await api.put('accounts/acc-1/settings', { country: 'BG', openedOn: '2020-01-01', currency: 'EUR' });
    await api.put('accounts/acc-1/holders/cus-1/conditions', {
      conditions: { 'purchase-over': { on: true, amount: { value: '50.00', currency: 'EUR' } } },
    });
    await bankWrites(payment(), payment({ amount: { value: 'much', currency: 'EUR' } }));
    await waitUntil('the message', () => twilio.visible().length > 0, patience);
    const [message] = twilio.visible();
    expect(message?.to).toBe('+15550123');
    expect(message?.text).toContain('75.00');
    await waitUntil(
      'its receipt',
      async () => JSON.stringify(await api.get('customers/cus-1/alerts')).includes('delivered'),
      patience,
    );

    await api.post('customers/cus-1/consents', consents('revoke'));
    expect(redis.cli('-a', 'admin', 'KEYS', `{${installation}:b:*`)).not.toBe('');
    for (const on of [true, false]) await api.post('kill-switches', { scope: 'channel:sms', on, why: 'a test' });
    const twice = payment();
    await bankWrites(payment(), twice, { ...twice, amount: { value: '76.00', currency: 'EUR' } });
    const log = kafkaLog({ brokers: [kafka.admin], clientId: 'watch' });
    try {
      const behind = async (stage: string, topic: string): Promise<number> =>
        (await lag(log, `${installation}.${stage}`, topic)).reduce((sum, records) => sum + records);
      await waitUntil(
        'everything to be read',
        async () => {
          const all = [
            await behind('ingest.payments', bankTopic),
            await behind('detect', topicNames.accountEvents),
            await behind('alert', topicNames.customerEvents),
          ];
          return all.every((records) => records === 0);
        },
        patience,
      );
      const rejected = await dump(log, topicNames.rejected);
      expect(rejected.map((record) => header(record, 'tocsin-code'))).toEqual(
        expect.arrayContaining(['AMOUNT_INVALID', 'DUPLICATE_CONFLICT']),
      );
      expect(await dump(log, topicNames.deadLetters)).toEqual([]);
    } finally {
      await log.close();
    }
    expect(twilio.visible()).toHaveLength(1);
  }, 240_000);

  it('an operator looks, and sees that all is well', () => {
    const findings = JSON.parse(tocsin('doctor', '--json')) as readonly { readonly ok: boolean }[];
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(tocsin('rejected', 'list')).toContain('AMOUNT_INVALID');
    expect(tocsin('ledger', 'verify')).toContain('whole');
    tocsin('status');
  }, 240_000);

  it('nothing was refused', () => {
    expect(kafka.decisions().length).toBeGreaterThan(30);
    expect(kafka.decisions().filter(({ allowed }) => !allowed)).toEqual([]);
    expect(redis.cli('-a', 'admin', 'ACL', 'LOG')).toBe('');
  });

  it('Redis would refuse each of them what only another one needs', () => {
    const may = (actor: Actor, key: string): boolean =>
      redis.cli('-a', 'admin', 'ACL', 'DRYRUN', userOf(actor), 'HSET', key, 'field', 'value') === 'OK';
    const writers = { 'ingest.payments:0': 'ingest', 'detect:0': 'detect', 'alert:0': 'alert' } as const;
    const others = { 'deliver.sms.urgent:0': 'deliver', 'directory:0': 'gateway', 'b:bank:cus-1': 'gateway' } as const;
    for (const [key, writer] of Object.entries({ ...writers, ...others, 'k:bank': 'gateway' })) {
      expect(actors.filter((actor) => may(actor, `{${installation}:${key}}`))).toEqual([writer]);
    }
  });

  it('Kafka allows nothing that was not needed, but for what did not happen here', () => {
    const used = kafka.decisions();
    const idle = actors.flatMap((actor) =>
      permissionsOf(actor, place).kafka.flatMap(({ resource, name, pattern, operations: allowed }) =>
        allowed
          .filter(
            (operation) =>
              !used.some(
                (one) =>
                  one.user === userOf(actor) &&
                  one.operation === operation &&
                  one.resource === resource &&
                  (pattern === 'prefixed' ? one.name.startsWith(name) : one.name === name),
              ),
          )
          .map((operation) => `${actor} ${operation} ${name}`),
      ),
    );
    expect(idle.filter((one) => !didNotHappen.some((kind) => kind.test(one)))).toEqual([]);
  });
});
