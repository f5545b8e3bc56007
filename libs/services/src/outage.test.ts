import { afterEach, describe, expect, it } from '@jest/globals';
import { topicNames, topicSpecs } from '@tocsin/core';
import { kafkaLog } from '@tocsin/kafka';
import { silentLogger } from '@tocsin/nest';
import { startKafka, startRedis, waitUntil } from '@tocsin/testing';
import { stringify } from 'yaml';
import { hashApiKey } from './gateway/api-key.ts';
import { channelIds } from './platform/platform.ts';
import { readSettings } from './read-settings.ts';
import { serviceNames } from './service.ts';
import { start } from './start.ts';

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

const counts = { stage: 4, delivery: 2, outside: 2 };
const bankTopic = 'bank.transactions';
const perPart = 50;

const transaction = (n: number): string =>
  JSON.stringify({
    id: `t-${n}`,
    accountId: `acc-${n % 7}`,
    occurredAt: new Date().toISOString(),
    amount: { value: `${n}.00`, currency: 'EUR' },
    direction: 'debit',
  });

describe('a broker and a store that go away', () => {
  it('are waited for at the start and in the middle, with nothing lost', async () => {
    const kafka = await startKafka();
    clean.push(() => kafka.stop());
    // It writes every change down before it answers: what it acknowledged outlives kill -9.
    const persistent = { appendonly: true, settings: { appendfsync: 'always' } };
    let redis = await startRedis(persistent);
    const { port, dir } = redis;
    clean.push(() => redis.stop());
    const restartRedis = async (): Promise<void> => {
      redis = await startRedis({ ...persistent, port, dir });
    };

    const bank = kafkaLog({ brokers: [kafka.address], clientId: 'bank', connectionTimeoutMs: 500 });
    clean.push(() => bank.close());
    await bank.createTopics([...topicSpecs(channelIds, counts), { name: bankTopic, partitions: 2, cleanup: 'delete' }]);
    let sent = 0;
    const pay = async (): Promise<void> => {
      const records = Array.from({ length: perPart }, () => {
        const n = sent++;
        return { topic: bankTopic, partition: n % 2, key: `acc-${n % 7}`, value: transaction(n) };
      });
      await waitUntil('the bank’s records to be taken', () =>
        bank.append(records).then(
          () => true,
          () => false,
        ),
      );
    };
    await pay();
    await kafka.kill();
    await redis.kill();

    const settings = readSettings(
      stringify({
        secret: 's'.repeat(32),
        storage: 'kafka',
        kafka: { brokers: [kafka.address] },
        redis: { port },
        partitions: counts,
        engine: { sessionTimeoutMs: 6_000, checkpointMs: 200 },
        http: { port: 0 },
        tenants: { mybank: { bankName: 'My Bank' } },
        sources: [{ name: 'cards', topic: bankTopic, tenant: 'mybank', startAt: 'earliest' }],
        channels: { email: { host: '127.0.0.1', port: 1, from: 'a@bank.example' } },
        gateway: {
          apiKeys: [
            { id: 'a', tenant: 'mybank', sha256: hashApiKey('the key'), scopes: ['customers:write', 'customers:read'] },
          ],
        },
      }),
      {},
    );
    const running = await start({ settings, services: serviceNames, logger: silentLogger });
    clean.push(() => running.close());

    const away = async (): Promise<readonly string[]> => {
      const answer = await fetch(`${running.url}/health/ready`);
      const { error } = (await answer.json()) as { error: Record<string, unknown> };
      expect(answer.status).toBe(Object.keys(error).length === 0 ? 200 : 503);
      return Object.keys(error).sort();
    };
    const waitFor = (what: string, ask: () => Promise<boolean>) =>
      waitUntil(what, ask, { withinMs: 45_000, everyMs: 100 });
    const ready = () => waitFor('everything to be ready', async () => (await away()).length === 0);
    const metric = async (line: string) => (await (await fetch(`${running.url}/metrics`)).text()).includes(line);
    const putProfile = (id: string) =>
      fetch(`${running.url}/v1/customers/${id}/profile`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'x-api-key': 'the key', 'idempotency-key': `profile-${id}` },
        body: JSON.stringify({ language: 'en', timeZone: 'UTC', contactPoints: {}, channelOrder: [] }),
      });

    // Both away at the start: alive, not ready, and says why.
    expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
    expect(await away()).toEqual(
      expect.arrayContaining([
        'alert',
        'barriers',
        'detect',
        'directory',
        'ingest.cards',
        'log',
        'short-term',
        'state',
      ]),
    );
    expect(await metric('tocsin_dependency_up{dependency="log"} 0')).toBe(true);
    expect(await metric('tocsin_dependency_up{dependency="state"} 0')).toBe(true);
    const refused = await putProfile('cus-1');
    expect({ status: refused.status, wait: refused.headers.get('retry-after') }).toEqual({ status: 503, wait: '1' });

    await Promise.all([kafka.restart(), restartRedis()]);
    await ready();
    expect((await putProfile('cus-1')).status).toBe(200);

    // The store away in the middle.
    await redis.kill();
    await waitFor('the loss of the store to show', async () => (await away()).includes('state'));
    expect(await metric('tocsin_dependency_up{dependency="log"} 1')).toBe(true);
    await pay();
    expect((await putProfile('cus-2')).status).toBe(503);
    await restartRedis();
    await ready();
    expect((await putProfile('cus-2')).status).toBe(200);

    // The broker away in the middle.
    await kafka.kill();
    await waitFor('the loss of the broker to show', async () => (await away()).includes('log'));
    expect(await metric('tocsin_dependency_up{dependency="state"} 1')).toBe(true);
    expect((await putProfile('cus-3')).status).toBe(503);
    await kafka.restart();
    await pay();
    await ready();
    expect((await putProfile('cus-3')).status).toBe(200);

    // Every payment came through, and whatever was answered is there to read.
    const seen = new Set<string>();
    await waitFor('every payment to come through', async () => {
      for (let partition = 0; partition < counts.stage; partition++) {
        const { start: from } = await bank.bounds(topicNames.accountEvents, partition);
        for (const { value } of await bank.read(topicNames.accountEvents, partition, from, 10_000)) {
          const record = JSON.parse(Buffer.from(value!).toString()) as { type: string; transaction?: { id: string } };
          if (record.transaction !== undefined) seen.add(record.transaction.id);
        }
      }
      return seen.size === sent;
    });
    await waitFor('detect to have read them all', async () => {
      for (let partition = 0; partition < counts.stage; partition++) {
        const { end } = await bank.bounds(topicNames.accountEvents, partition);
        const position = await running.platform.state.slot('detect', partition).position();
        if (end > 0 && (position?.offset ?? 0) < end) return false;
      }
      return true;
    });
    for (const id of ['cus-1', 'cus-2', 'cus-3']) {
      await waitFor(`the profile of ${id}`, () =>
        fetch(`${running.url}/v1/customers/${id}/profile`, { headers: { 'x-api-key': 'the key' } }).then(
          ({ ok }) => ok,
        ),
      );
    }
    expect(sent).toBe(3 * perPart);

    // The store emptied in a quiet night: nobody asks it for anything, and yet it shows before the next payment. Each
    // question about health looks at one partition of a stage.
    for (let partition = 0; partition < counts.stage; partition++) await ready();
    redis.cli('FLUSHALL');
    await waitFor('the emptied store to show', async () => {
      const shown = await away();
      return ['detect', 'ingest.cards'].every((stage) => shown.includes(stage));
    });
  }, 120_000);
});
