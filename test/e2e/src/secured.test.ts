import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deliveryTopic, keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { BankRequest, DeadLetter } from '@tocsin/core';
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
import { dump, header, json, lag } from './harness/topics.ts';

/*
 * The whole product where nobody may do more than docs/operating.md says: an authorizer that allows nothing by itself, an
 * ACL user of Redis for each service, TLS everywhere. A transaction becomes a message, a revocation holds, a record is
 * rejected; a customer says NO to a payment and the bank freezes the card; a record that nobody can read becomes a dead
 * letter; an operator looks, and one who may do more activates, lets a stopped stage try again and rebuilds an emptied
 * Redis; and neither Kafka nor Redis has refused anything.
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

/** What is allowed and not used: of these channels none is configured here; and whatever the bank writes is taken or rejected. */
const didNotHappen = [/deliveries\.(messenger|email)\./, /^ingest Write dead-letters$/];

/** Makes the bank's topic and every ACL. */
const permit = (): Promise<void> =>
  administer(kafka.admin, async (admin) => {
    await admin.createTopics({ topics: [{ topic: bankTopic, numPartitions: 2 }], waitForLeaders: true });
    const write = { resource: 'topic', name: bankTopic, pattern: 'literal', operations: ['Write'] } as const;
    const forUs = actors.flatMap((actor) => aclsOf(userOf(actor), permissionsOf(actor, place).kafka));
    await admin.createAcls({ acl: [...forUs, ...aclsOf(bank.name, [write])] });
  });

/** Some come by password and some by certificate; one by the client that is not the default. */
function kafkaSettings(actor: Actor): object {
  const byCertificate = actor === 'detect' || actor === 'deliver';
  const client = actor === 'alert' ? { client: 'kafkajs' } : {};
  const { cert, key } = authority.issue(userOf(actor));
  return byCertificate
    ? { ...client, brokers: [kafka.mutual], ssl: { ca: authority.ca, cert, key } }
    : {
        ...client,
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
          scopes: [
            'customers:read',
            'customers:write',
            'accounts:write',
            'alerts:read',
            'bank-answers:write',
            'kill-switch',
          ],
        },
      ],
    },
    engine: { checkpointMs: 300 },
  };
}

interface Ended {
  readonly code: number;
  readonly out: string;
}

/** `tocsin` as one of those who run it. The test goes on meanwhile: the providers live in it. */
async function runs(actor: Actor, ...parameters: readonly string[]): Promise<Ended> {
  const program = fileURLToPath(new URL('../../../apps/tocsin/bin/tocsin.mjs', import.meta.url));
  const words = [program, '--config', join(folder, `${actor}.yaml`), ...parameters];
  return promisify(execFile)(process.execPath, words).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, out: stdout + stderr }),
  );
}

/** The same where it must end well. */
async function tocsin(actor: Actor, ...parameters: readonly string[]): Promise<string> {
  const { code, out } = await runs(actor, ...parameters);
  if (code !== 0) throw new Error(`tocsin ${parameters.join(' ')} ended with ${code}: ${out}`);
  return out;
}

const serviceOf = (actor: Actor): ServiceProcess => services.find(({ name }) => name === actor)!;

/** A log as the administrator of the broker has it. */
async function asAdministrator<T>(use: (log: ReturnType<typeof kafkaLog>) => Promise<T>): Promise<T> {
  const log = kafkaLog({ brokers: [kafka.admin], clientId: 'administrator' });
  return use(log).finally(() => log.close());
}

const allReady = (): Promise<unknown> =>
  waitUntil(
    'every service to be ready',
    async () => (await Promise.all(services.map((one) => one.isReady()))).every(Boolean),
    patience,
  );

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
      values.map((value) => ({ topic: bankTopic, partition: 0, key: 'any', value: JSON.stringify(value) })),
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
  for (const actor of ['operator', 'recoverer'] as const) {
    writeFileSync(join(folder, `${actor}.yaml`), JSON.stringify(settingsFor(actor, gatewayUrl)));
  }
  services.forEach((service, i) => service.configure(settingsFor(serviceNames[i]!, gatewayUrl)));
  await tocsin('operator', 'topics', 'create');
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

  it('ask a customer about a payment, take the NO, ask the bank to freeze the card, and hear that it did', async () => {
    const phone = '+15550124';
    await api.put('customers/cus-2/profile', {
      language: 'en',
      timeZone: 'Europe/Sofia',
      contactPoints: { sms: { address: phone, verified: true } },
      channelOrder: ['sms'],
    });
    await api.post('customers/cus-2/consents', {
      changes: [{ channel: 'sms', purpose: '*', dataClass: '*', action: 'grant' }],
      source: 'branch',
    });
    await api.put('accounts/acc-2/holders', { holders: [{ customerId: 'cus-2', role: 'owner' }] });
    await api.put('accounts/acc-2/settings', { country: 'BG', openedOn: '2020-01-01', currency: 'EUR' });
    const card = { token: 'tok-2', last4: '4242', entryMode: 'ecommerce' };
    const now = Date.now();
    const inABurst = [50, 30, 0].map((ago) =>
      payment({
        accountId: 'acc-2',
        occurredAt: new Date(now - ago * 1_000).toISOString(),
        channel: 'card-not-present',
        card,
      }),
    );
    await bankWrites(...inABurst);
    const told = (): readonly string[] => twilio.visible(phone).map(({ text }) => text);
    await waitUntil('the question', () => told().length > 0, patience);
    const gateway = serviceOf('gateway').url;
    expect(await twilio.text(`${gateway}/webhooks/sms`, phone, '+15550100', 'NO')).toMatchObject({ status: 200 });
    await asAdministrator(async (log) => {
      const [request] = await waitUntil(
        'a request to freeze the card',
        async () => {
          const all = await dump(log, topicNames.bankRequests);
          return all.length > 0 && all;
        },
        patience,
      );
      const { requestId } = json<BankRequest>(request!);
      await api.post('bank-answers', { requestId, answer: 'accepted' });
      await waitUntil(
        () => `the card to be frozen; told: ${told().join(' | ')}`,
        () => told().length > 1,
        patience,
      );
      await waitUntil('a case', async () => (await dump(log, topicNames.cases)).length > 0, patience);
    });
  }, 240_000);

  it('lay what they cannot read on dead-letters, and go on', async () => {
    const topics = [
      topicNames.accountEvents,
      topicNames.customerEvents,
      topicNames.addresses,
      deliveryTopic('sms', 'urgent'),
    ];
    await asAdministrator(async (log) => {
      for (const topic of topics) await log.append([{ topic, partition: 0, key: 'nobody', value: '{' }]);
      const stages = async () => (await dump(log, topicNames.deadLetters)).map((one) => json<DeadLetter>(one).stage);
      await waitUntil('the dead letters', async () => new Set(await stages()).size === topics.length, patience);
      expect((await stages()).toSorted()).toEqual(['alert', 'deliver.sms.urgent', 'detect', 'directory']);
    });
  }, 240_000);

  it('an operator looks, and sees that all is well', async () => {
    const looked = await runs('operator', 'doctor', '--json');
    const findings = JSON.parse(looked.out) as readonly { readonly ok: boolean }[];
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(await tocsin('operator', 'rejected', 'list')).toContain('AMOUNT_INVALID');
    expect(await tocsin('operator', 'deadletters', 'list')).toContain('directory');
    expect(await tocsin('operator', 'ledger', 'verify')).toContain('whole');
    await tocsin('operator', 'status');
    const redriven = await tocsin('recoverer', 'deadletters', 'redrive', '--stage', 'directory');
    expect(redriven).toContain('was left: the address may have been tied to somebody else');
  }, 240_000);

  it('whoever may activates a rule set and a policy', async () => {
    const [rules, policy] = [join(folder, 'rules.yaml'), join(folder, 'policy.yaml')];
    writeFileSync(rules, 'id: r1\nrules: {}\n');
    writeFileSync(
      policy,
      'id: p1\nbankName: New Bank\ndefaultLanguage: en\ndefaultTimeZone: UTC\nchannels: { sms: { allowed: true } }\nlegalBasis: {}\n',
    );
    const said = await Promise.all([
      tocsin('recoverer', 'rules', 'activate', rules),
      tocsin('recoverer', 'policy', 'activate', policy),
    ]);
    for (const one of said) expect(one).toContain('confirmed by every partition');
    expect(await tocsin('operator', 'rules', 'show')).toContain('r1');
  }, 240_000);

  it('whoever may lets a stopped partition try again, and accepts a log', async () => {
    const partition = partitionOf(keyOf('bank', 'acc-2'), partitions.stage);
    const key = (name: string): string => `{${installation}:detect:${partition}}:${name}`;
    const detect = serviceOf('detect');
    redis.cli('-a', 'admin', 'RENAME', key('position'), key('aside'));
    await bankWrites(payment({ accountId: 'acc-2' }));
    await waitUntil(
      'detect to stop',
      async () => (await detect.health()).includes(`partition ${partition}: STATE_EMPTY`),
      patience,
    );
    redis.cli('-a', 'admin', 'RENAME', key('aside'), key('position'));
    await tocsin('recoverer', 'retry', '--stage', 'detect', '--partition', String(partition));
    await allReady();
    const accept = ['accept-log', '--stage', 'detect', '--partition', String(partition), '--force', '--from', 'end'];
    expect(await tocsin('recoverer', ...accept)).toContain('as generation 2');
    const looked = await tocsin('recoverer', 'accept-log', '--stage', 'deliver.sms.urgent', '--dry-run');
    expect(looked).toContain('nothing to accept');
    await allReady();
  }, 240_000);

  it('whoever may rebuilds a Redis that was emptied', async () => {
    const urgent = deliveryTopic('sms', 'urgent');
    // What is gone of the log of a channel is looked for in the ledger.
    await administer(kafka.admin, async (admin) => {
      const ends = await admin.fetchTopicOffsets(urgent);
      const gone = ends.map(({ partition, high }) => ({ partition, offset: high }));
      await admin.deleteTopicRecords({ topic: urgent, partitions: gone.filter(({ offset }) => offset !== '0') });
    });
    redis.cli('-a', 'admin', 'FLUSHALL');
    await waitUntil('the loss to be seen', async () => (await serviceOf('alert').isReady()) === false, patience);
    const { code, out } = await runs('operator', 'doctor');
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining('STATE_EMPTY') });
    expect(out).toContain('"tocsin recover"');
    expect(await tocsin('recoverer', 'recover', '--accept-amnesia')).toContain('2 customers');
    await allReady();
    const told = twilio.visible().length;
    await bankWrites(payment({ accountId: 'acc-2' }));
    await asAdministrator((log) =>
      waitUntil(
        'detect to go on',
        async () =>
          (await lag(log, `${installation}.detect`, topicNames.accountEvents)).every((records) => records === 0),
        patience,
      ),
    );
    expect(twilio.visible()).toHaveLength(told);
  }, 240_000);

  it('nothing was refused', () => {
    expect(kafka.decisions().length).toBeGreaterThan(30);
    expect(kafka.decisions().filter(({ allowed }) => !allowed)).toEqual([]);
    expect(redis.cli('-a', 'admin', 'ACL', 'LOG')).toBe('');
    for (const service of services) expect(service.lastWords()).not.toContain('Whether an operator asked');
  });

  it('Redis would refuse each of them what only another one needs', () => {
    const may = (actor: Actor, key: string): boolean =>
      redis.cli('-a', 'admin', 'ACL', 'DRYRUN', userOf(actor), 'HSET', key, 'field', 'value') === 'OK';
    const writers = { 'ingest.payments:0': 'ingest', 'detect:0': 'detect', 'alert:0': 'alert' } as const;
    const others = { 'deliver.sms.urgent:0': 'deliver', 'directory:0': 'gateway', 'b:bank:cus-1': 'gateway' } as const;
    for (const [key, writer] of Object.entries({ ...writers, ...others, 'k:bank': 'gateway' })) {
      // Whoever rebuilds fills the slots of every stage, and switches kill switches as they were.
      const writers = key.startsWith('b:') ? [writer] : [writer, 'recoverer'];
      expect(actors.filter((actor) => may(actor, `{${installation}:${key}}`))).toEqual(writers);
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
