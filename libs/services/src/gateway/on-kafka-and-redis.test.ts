import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames } from '@tocsin/core';
import { startKafka, startRedis } from '@tocsin/testing';
import type { RunningKafka, RunningRedis } from '@tocsin/testing';
import { apiKeys, metaSignature, startGatewayWorld } from './test/gateway-world.ts';
import type { GatewayWorld } from './test/gateway-world.ts';

/* What depends on an atomic step of the store or on an acknowledgement of the log, once more on the real ones. */

describe('the gateway on Kafka and Redis', () => {
  let kafka: RunningKafka;
  let redis: RunningRedis;
  let world: GatewayWorld;

  beforeAll(async () => {
    [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
    world = await startGatewayWorld({
      settings: {
        storage: 'kafka',
        kafka: { brokers: [kafka.address] },
        redis: { port: redis.port },
        partitions: { stage: 2, delivery: 1, outside: 2 },
      },
    });
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([kafka.stop(), redis.stop()]);
  });

  const barrierOf = async (customerId: string, channel: string) => {
    const [answer] = await world.platform.barriers.ask([
      { tenantId: 'alpha', customerId, channel, provider: 'Twilio' },
    ]);
    return answer;
  };
  const link = async (customerId: string): Promise<string> => {
    const { json } = await world.call('POST', `/v1/customers/${customerId}/links`, {
      body: { purpose: 'messenger-link' },
    });
    return new URL(json.url).pathname;
  };

  it('records a repeated write once, however many come at the same time', async () => {
    const body = { changes: [{ channel: 'sms', purpose: '*', dataClass: '*', action: 'revoke' }] };
    const post = () =>
      world.call('POST', '/v1/customers/cus-1/consents', { body, headers: { 'idempotency-key': 'once' } });
    const statuses = (await Promise.all([post(), post(), post(), post()])).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    expect((await post()).headers.get('idempotency-replayed')).toBe('true');
    expect(await world.records(topicNames.customerEvents)).toHaveLength(1);
    expect((await barrierOf('cus-1', 'sms'))?.barrier?.verdict).toBe('deny');
  });

  it('lets a link be used once, of many at the same time', async () => {
    const path = await link('cus-2');
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.send(path, { method: 'POST' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([302, 410, 410, 410, 410]);
  });

  it('ties a messenger by its code and has a STOP in force at once', async () => {
    const answer = await world.send(await link('cus-3'), { method: 'POST' });
    const code = new URL(answer.headers.get('location') ?? '').searchParams.get('ref');
    const sender = { sender: { id: '7001' }, timestamp: Date.now() };
    const body = JSON.stringify({
      object: 'page',
      entry: [
        {
          messaging: [
            { ...sender, account_linking: { status: 'linked', authorization_code: code } },
            { ...sender, message: { mid: 'm-1', text: 'STOP' } },
          ],
        },
      ],
    });
    const call = (signature: string) =>
      world.send('/webhooks/messenger', { method: 'POST', headers: { 'x-hub-signature-256': signature }, body });
    expect((await call('sha256=00')).status).toBe(401);
    expect((await call(metaSignature(body))).status).toBe(200);
    expect((await barrierOf('cus-3', 'messenger'))?.barrier?.verdict).toBe('deny');
  });

  it('switches off at once, and writes down who reached for another bank', async () => {
    await world.call('POST', '/v1/kill-switches', { body: { scope: 'provider:Twilio', on: true, why: 'it leaks' } });
    expect((await barrierOf('anybody', 'sms'))?.killed).toBe('provider:Twilio');
    const other = await world.call('GET', '/v1/customers/cus-1/alerts', {
      key: apiKeys.beta,
      headers: { 'tocsin-tenant': 'alpha' },
    });
    expect(other.status).toBe(404);
    const audit = await world.records(topicNames.audit);
    expect(audit.filter(({ result }) => result === 'refused')).toEqual([
      expect.objectContaining({ tenantId: 'beta', actor: 'key:beta', why: 'another tenant was named' }),
    ]);
  });

  it('expires what it remembers by the clock of the store', async () => {
    const path = await link('cus-4');
    const key = `link:${path.slice('/c/'.length)}`;
    const bound = await world.platform.shortTerm.get(key);
    await world.platform.shortTerm.put(key, bound ?? '', 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await world.send(path, { method: 'POST' })).status).toBe(410);
  });
});
