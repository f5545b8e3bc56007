import { topicSpecs } from '@tocsin/core';
import type { Log } from '@tocsin/core';
import { kafkaLog } from '@tocsin/kafka';
import { openLogger, silentLogger } from '@tocsin/nest';
import { startFakeTwilio } from '@tocsin/simulator';
import { startKafka, startRedis, waitUntil } from '@tocsin/testing';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import { stringify } from 'yaml';
import { channelIds, hashApiKey, openPlatform, readSettings, serviceNames, start } from '@tocsin/services';
import type { Platform, Running, Settings } from '@tocsin/services';

const authToken = 'token'.repeat(6);
const accountSid = `AC${'0'.repeat(32)}`;
export const from = '+35924000000';
export const bankTopic = 'bank.transactions';
export const counts = { stage: 2, delivery: 2, outside: 2 };
export const phoneOf = (customer: number): string => `+3598812345${String(customer).padStart(2, '0')}`;

/** A bank with a few customers who want to hear of payments over 10 EUR, on a broker, a Redis and a provider of its own. */
export interface BankWorld {
  readonly settings: Settings;
  readonly configuration: string;
  /** Log and state, as an operator's command opens them. */
  readonly platform: Platform;
  readonly bank: Log;
  readonly running: Running;
  readonly url: string;
  readonly webhookUrl: string;
  startServices(): Promise<void>;
  stopServices(): Promise<void>;
  call(method: string, path: string, body?: object): Promise<Response>;
  /** Profile, consent and account. */
  enrol(customer: number): Promise<void>;
  /** Whose the account is, and what they want to hear of it. */
  enrolAccount(customer: number): Promise<void>;
  pay(customer: number, id: string): Promise<void>;
  /** Texts that a customer has on the phone. */
  told(customer: number): readonly string[];
  hears(customer: number, amounts: readonly string[]): Promise<void>;
  says(customer: number, text: string): Promise<number>;
  /** What is down, by the words of `/health/ready`. */
  down(): Promise<Readonly<Record<string, string>>>;
  isDown(stage: string, reason: string): Promise<void>;
  isWell(): Promise<void>;
  flushRedis(): Promise<void>;
  recreateTopic(topic: string): Promise<void>;
  deleteRecords(topic: string, partition: number, before: number): Promise<void>;
  close(): Promise<void>;
}

export async function startBankWorld(): Promise<BankWorld> {
  const clean: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const undo of clean.splice(0).reverse()) await undo();
  };
  try {
    return await openWorld(clean, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function openWorld(clean: (() => Promise<unknown>)[], close: () => Promise<void>): Promise<BankWorld> {
  const [kafka, redis, twilio] = await Promise.all([
    startKafka(),
    startRedis({ appendonly: true }),
    startFakeTwilio({ accountSid, authToken, from: [from] }),
  ]);
  clean.push(
    () => kafka.stop(),
    () => redis.stop(),
    () => twilio.stop(),
  );
  const bank = kafkaLog({ brokers: [kafka.address], clientId: 'bank' });
  clean.push(() => bank.close());
  /** A new one each time: this client remembers topics as they were. */
  const administer = async (act: (admin: Admin) => Promise<unknown>): Promise<void> => {
    const admin = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await act(admin).finally(() => admin.disconnect());
  };
  const client = new Redis({ port: redis.port });
  clean.push(() => client.quit());
  const specs = [...topicSpecs(channelIds, counts), { name: bankTopic, partitions: 2, cleanup: 'delete' as const }];
  await bank.createTopics(specs);
  const configuration = stringify({
    secret: 's'.repeat(32),
    storage: 'kafka',
    kafka: { brokers: [kafka.address] },
    redis: { port: redis.port },
    partitions: counts,
    engine: { sessionTimeoutMs: 6_000, checkpointMs: 200 },
    http: { port: 0 },
    logLevel: 'silent',
    tenants: { mybank: { bankName: 'My Bank' } },
    sources: [{ name: 'cards', topic: bankTopic, tenant: 'mybank', startAt: 'earliest' }],
    channels: {
      sms: {
        tenant: 'mybank',
        provider: 'twilio',
        twilio: { baseUrl: twilio.url, accountSid, password: authToken, authTokens: [authToken], from },
      },
    },
    gateway: {
      publicUrl: 'http://alerts.bank.example',
      apiKeys: [
        {
          id: 'a',
          tenant: 'mybank',
          sha256: hashApiKey('the key'),
          scopes: ['customers:write', 'customers:read', 'accounts:write', 'kill-switch'],
        },
      ],
    },
  });
  const settings = readSettings(configuration, {});
  const platform = await openPlatform(settings, silentLogger);
  clean.push(() => platform.close());
  const logger = process.env['TOCSIN_TEST_LOG'] === undefined ? silentLogger : openLogger('world', 'info');
  let running: Running | undefined;
  clean.push(() => running?.close() ?? Promise.resolve());

  const put = async (bodies: readonly (readonly [method: string, path: string, body: object])[]): Promise<void> => {
    for (const [method, path, body] of bodies) {
      let said = '';
      await waitUntil(
        () => `${method} ${path}: ${said}`,
        async () => {
          const answer = await world.call(method, path, body);
          said = `${answer.status} ${await answer.text()}`;
          return answer.ok;
        },
        { everyMs: 200 },
      );
    }
  };

  const world: BankWorld = {
    settings,
    configuration,
    platform,
    bank,
    close,
    get running() {
      return running!;
    },
    get url() {
      return running!.url;
    },
    webhookUrl: 'http://alerts.bank.example/webhooks/sms',
    async startServices() {
      running = await start({ settings, services: serviceNames, logger });
    },
    async stopServices() {
      await running?.close();
      running = undefined;
    },
    call: (method, path, body) =>
      fetch(`${running!.url}/v1/${path}`, {
        method,
        headers: { 'content-type': 'application/json', 'x-api-key': 'the key' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async enrol(customer) {
      const id = `cus-${customer}`;
      await put([
        [
          'PUT',
          `customers/${id}/profile`,
          {
            language: 'en',
            timeZone: 'UTC',
            contactPoints: { sms: { address: phoneOf(customer), verified: true } },
            channelOrder: ['sms'],
          },
        ],
        [
          'POST',
          `customers/${id}/consents`,
          { changes: [{ channel: 'sms', purpose: '*', dataClass: '*', action: 'grant' }] },
        ],
        ['PUT', `customers/${id}/preferences`, { grouping: { '*': { waitMs: 0, intervalMs: 0 } } }],
      ]);
      await world.enrolAccount(customer);
    },
    async enrolAccount(customer) {
      const id = `cus-${customer}`;
      const account = `accounts/acc-${customer}`;
      await put([
        ['PUT', `${account}/holders`, { holders: [{ customerId: id, role: 'owner' }] }],
        [
          'PUT',
          `${account}/holders/${id}/conditions`,
          { conditions: { 'purchase-over': { on: true, amount: { value: '10.00', currency: 'EUR' } } } },
        ],
      ]);
    },
    async pay(customer, id) {
      const value = JSON.stringify({
        id: `t-${id}`,
        accountId: `acc-${customer}`,
        occurredAt: new Date().toISOString(),
        amount: { value: `${id}.00`, currency: 'EUR' },
        direction: 'debit',
        channel: 'card-not-present',
        merchant: { name: 'Cafe' },
      });
      await bank.append([{ topic: bankTopic, partition: customer % 2, key: `acc-${customer}`, value }]);
    },
    told: (customer) => twilio.visible(phoneOf(customer)).map(({ text }) => text),
    async hears(customer, amounts) {
      const heard = () =>
        amounts.filter((amount) => world.told(customer).some((text) => text.includes(`${amount}.00`)));
      await waitUntil(
        () => `customer ${customer} to hear of ${amounts.join(', ')}; told: ${world.told(customer).join(' | ')}`,
        () => heard().length === amounts.length,
        { withinMs: 30_000 },
      );
    },
    async says(customer, text) {
      const { status } = await twilio.text(`${running!.url}/webhooks/sms`, phoneOf(customer), from, text, {
        signedUrl: world.webhookUrl,
      });
      return status;
    },
    async down() {
      const answer = await fetch(`${running!.url}/health/ready`);
      const { error } = (await answer.json()) as { error: Record<string, { message: string }> };
      return Object.fromEntries(Object.entries(error).map(([name, { message }]) => [name, message]));
    },
    async isDown(stage, reason) {
      await waitUntil(`${stage} to stop with ${reason}`, async () => (await world.down())[stage]?.includes(reason), {
        withinMs: 30_000,
        everyMs: 100,
      });
    },
    async isWell() {
      let seen: object = {};
      await waitUntil(
        () => `everything to be well; down: ${JSON.stringify(seen)}`,
        async () => Object.keys((seen = await world.down())).length === 0,
        { withinMs: 30_000, everyMs: 100 },
      );
    },
    async flushRedis() {
      await client.flushall();
    },
    async recreateTopic(topic) {
      await administer((admin) => admin.deleteTopics({ topics: [topic] }));
      await waitUntil('the topic to be gone', async () => (await bank.facts(topic)) === undefined);
      await bank.createTopics(specs);
    },
    async deleteRecords(topic, partition, before) {
      await administer(async (admin) => {
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
      });
    },
  };
  return world;
}
