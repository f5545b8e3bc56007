import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LogError, days, deliveryTopic, lanes, topicNames } from '@tocsin/core';
import type { Barriers, Log } from '@tocsin/core';
import { RedisError } from '@tocsin/redis';
import { apiKeys, startGatewayWorld } from './test/gateway-world.ts';
import type { GatewayWorld } from './test/gateway-world.ts';

const path = '/v1/customers/cus-1/consents';
const revocation = {
  changes: [{ channel: 'sms', purpose: '*', dataClass: '*', action: 'revoke' }],
  source: 'app',
};
const grant = {
  changes: [{ channel: 'sms', purpose: 'account-alert', dataClass: 'amount', action: 'grant', textVersion: '2' }],
};

describe('a repeated write', () => {
  let world: GatewayWorld;
  /** What the log and the barriers do before they do what they should. */
  let beforeAppend: () => Promise<void>;
  let beforeRaise: () => Promise<void>;

  beforeAll(async () => {
    world = await startGatewayWorld({
      wrap(platform) {
        const log = new Proxy(platform.log, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name);
            if (typeof value !== 'function') return value;
            if (name !== 'append') return value.bind(target) as unknown;
            const append: Log['append'] = async (records) => {
              await beforeAppend();
              return target.append(records);
            };
            return append;
          },
        });
        const barriers: Barriers = {
          raise: async (...barrier) => {
            await beforeRaise();
            await platform.barriers.raise(...barrier);
          },
          switchKill: (killSwitch) => platform.barriers.switchKill(killSwitch),
          killSwitches: (tenantId) => platform.barriers.killSwitches(tenantId),
          ask: (questions) => platform.barriers.ask(questions),
        };
        return { ...platform, log, barriers };
      },
    });
  });
  afterAll(() => world.close());
  const nothing = () => Promise.resolve();
  beforeAppend = nothing;
  beforeRaise = nothing;
  afterEach(() => {
    beforeAppend = nothing;
    beforeRaise = nothing;
  });

  const post = (key: string, body: unknown, caller: string = apiKeys.alpha) =>
    world.call('POST', path, { key: caller, body, headers: { 'idempotency-key': key } });
  const recorded = async (key: string) =>
    (await world.records(topicNames.customerEvents)).filter(({ id }) => String(id).includes(`/${key}/`));

  it('gets the first answer and leaves no second record', async () => {
    const first = await post('k-1', grant);
    const second = await post('k-1', grant);
    expect(first.status).toBe(200);
    expect(second).toMatchObject({ status: 200, json: first.json });
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const records = await recorded('k-1');
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      type: 'consent',
      id: first.json.id,
      tenantId: 'alpha',
      customerId: 'cus-1',
      changes: [{ id: `${first.json.id}/0`, actor: 'customer', source: 'api', textVersion: '2', action: 'grant' }],
    });
    expect(first.json.id).toMatch(/^key:alpha\/k-1\/[0-9a-f]{16}$/);
  });

  it('is answered so for longer than the stages drop its record as one that they know', async () => {
    const put = jest.spyOn(world.platform.shortTerm, 'put');
    await post('kept', grant);
    const kept = put.mock.calls.filter(([key]) => key.includes('kept')).map(([, , ttlMs]) => ttlMs);
    put.mockRestore();
    expect(kept).toHaveLength(1);
    expect(kept[0]).toBeGreaterThan(days(7));
  });

  it('is recorded under one id even where nobody remembers the first', async () => {
    const first = await post('k-2', grant);
    await world.platform.shortTerm.take('idempotency:alpha:key:alpha:k-2');
    const late = await post('k-2', grant);
    expect(late.json.id).toBe(first.json.id);
    await world.platform.shortTerm.take('idempotency:alpha:key:alpha:k-2');
    // A key that is used anew, for something else, is something else.
    expect((await post('k-2', revocation)).json.id).not.toBe(first.json.id);
  });

  it('with another body is a mistake, also where it replaces', async () => {
    await post('k-3', grant);
    expect((await post('k-3', revocation)).status).toBe(422);
    const put = (holders: object[]) =>
      world.call('PUT', '/v1/accounts/acc-1/holders', { body: { holders }, headers: { 'idempotency-key': 'k-4' } });
    expect((await put([{ customerId: 'cus-1', role: 'owner' }])).status).toBe(200);
    expect((await put([{ customerId: 'cus-2', role: 'owner' }])).status).toBe(422);
  });

  it('says so while the first one runs', async () => {
    let go: () => void = () => {};
    let arrived: () => void = () => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    const running = new Promise<void>((resolve) => (arrived = resolve));
    beforeAppend = () => {
      arrived();
      return gate;
    };
    const first = post('k-5', grant);
    await running;
    expect((await post('k-5', grant)).status).toBe(409);
    go();
    expect((await first).status).toBe(200);
    expect((await post('k-5', grant)).status).toBe(200);
    expect(await recorded('k-5')).toHaveLength(1);
  });

  it('is free again after a failure', async () => {
    beforeAppend = () => Promise.reject(new LogError('UNAVAILABLE', 'No broker answers.'));
    const failed = await post('k-6', grant);
    expect({ status: failed.status, wait: failed.headers.get('retry-after') }).toEqual({ status: 503, wait: '1' });
    expect(failed.text).not.toContain('broker');
    beforeAppend = nothing;
    expect((await post('k-6', grant)).status).toBe(200);
    // What is wrong with a body can be mended under the same key.
    expect((await post('k-7', { changes: [] })).status).toBe(400);
    expect((await post('k-7', grant)).status).toBe(200);
  });

  it('of a revocation that is not in force everywhere is asked for, and then is', async () => {
    beforeRaise = () => Promise.reject(new Error('no replica'));
    const refused = await post('k-8', revocation);
    expect(refused.status).toBe(503);
    expect(refused.json.message).toContain('repeat the request with the same Idempotency-Key');
    expect(await recorded('k-8')).toHaveLength(1);
    beforeRaise = nothing;
    const done = await post('k-8', revocation);
    expect(done.status).toBe(200);
    // The same id twice: the fold applies it once. The barrier stands at the newer copy.
    const records = await recorded('k-8');
    expect(new Set(records.map(({ id }) => id)).size).toBe(1);
    const [answer] = await world.platform.barriers.ask([
      { tenantId: 'alpha', customerId: 'cus-1', channel: 'sms', provider: 'Twilio' },
    ]);
    expect(answer?.barrier?.verdict).toBe('deny');
  });

  it('of a revocation that too few replicas confirmed is counted, so that somebody is called', async () => {
    beforeRaise = () => Promise.reject(new RedisError('REPLICAS_MISSING', '0 of 1 replicas confirmed'));
    expect((await post('k-8b', revocation)).status).toBe(503);
    const { text } = await world.send('/metrics', {});
    expect(text).toContain('tocsin_http_away_total{code="REPLICAS_MISSING"} 1');
  });

  it('belongs to its caller: another key’s is another one', async () => {
    const mine = await post('k-9', grant);
    const theirs = await post('k-9', grant, apiKeys.beta);
    expect(theirs.status).toBe(200);
    expect(theirs.json.id).not.toBe(mine.json.id);
    expect(theirs.headers.get('idempotency-replayed')).toBeNull();
  });

  it('must have a key of a sensible length', async () => {
    expect((await post('k'.repeat(201), grant)).status).toBe(400);
  });
});

describe('a change of consent', () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await startGatewayWorld();
  });
  afterAll(() => world.close());

  const change = (channel: string, purpose: string, dataClass: string, action: string) => ({
    channel,
    purpose,
    dataClass,
    action,
  });

  it.each([
    ['the whole of a channel', [change('sms', '*', '*', 'revoke')], 'deny'],
    ['one class of it', [change('sms', 'account-alert', 'merchant', 'revoke')], 'wait'],
    ['a grant alone', [change('sms', 'account-alert', 'merchant', 'grant')], undefined],
  ])('stands as a barrier when it answers: %s', async (what, changes, verdict) => {
    const customerId = `cus-${what.replaceAll(' ', '-')}`;
    expect((await world.call('POST', `/v1/customers/${customerId}/consents`, { body: { changes } })).status).toBe(200);
    const [answer] = await world.platform.barriers.ask([
      { tenantId: 'alpha', customerId, channel: 'sms', provider: 'Twilio' },
    ]);
    expect(answer?.barrier?.verdict).toBe(verdict);
    // And in the logs of both lanes, for senders who find that the store has fallen back.
    for (const lane of lanes) {
      const noted = await world.records(deliveryTopic('sms', lane));
      const own = noted.filter((record) => record.customerId === customerId);
      const expected = { type: 'barrier', channel: 'sms', offset: answer?.barrier?.offset, verdict };
      expect(own).toEqual(verdict === undefined ? [] : [expect.objectContaining(expected)]);
    }
  });

  it('tells every channel that is configured what was taken back on all of them', async () => {
    const changes = [change('*', '*', '*', 'revoke')];
    expect((await world.call('POST', '/v1/customers/cus-all/consents', { body: { changes } })).status).toBe(200);
    for (const channel of ['sms', 'messenger']) {
      const noted = await world.records(deliveryTopic(channel, 'urgent'));
      expect(noted.filter(({ customerId }) => customerId === 'cus-all')).toHaveLength(1);
    }
  });

  it('on a channel that there is not is refused: it would take back nothing', async () => {
    const of = (channel: string) =>
      world.call('POST', path, { body: { changes: [{ channel, purpose: '*', dataClass: '*', action: 'revoke' }] } });
    const { status, json } = await of('e-mail');
    expect({ status, message: json.message }).toEqual({
      status: 400,
      message: ['changes.0.channel must be one of the following values: messenger, sms, email, *'],
    });
    // It need not be configured now: what was granted there before is taken back all the same.
    expect((await of('email')).status).toBe(200);
  });

  it('masks a card number in what was said as proof', async () => {
    const changes = [{ ...change('sms', '*', '*', 'grant'), evidence: 'said of card 4111 1111 1111 1111' }];
    await world.call('POST', '/v1/customers/masked/consents', { body: { changes } });
    const records = (await world.records(topicNames.customerEvents)).filter(
      ({ customerId }) => customerId === 'masked',
    );
    expect(records[0]?.changes[0]?.evidence).toBe('said of card ..1111');
  });

  it.each([
    ['an unknown purpose', { changes: [change('sms', 'advertising', '*', 'grant')] }],
    ['an unknown class', { changes: [change('sms', '*', 'iris-scan', 'grant')] }],
    ['an unknown field', { changes: [{ ...change('sms', '*', '*', 'grant'), extra: 1 }] }],
    ['an unknown field outside', { changes: [change('sms', '*', '*', 'grant')], extra: 1 }],
    ['an actor of nobody', { changes: [change('sms', '*', '*', 'grant')], actor: 'root' }],
    ['no changes', {}],
    ['a list', []],
    ['a text', 'x'],
  ])('is refused with %s', async (_what, body) => {
    expect((await world.call('POST', '/v1/customers/refused/consents', { body })).status).toBe(400);
    const records = await world.records(topicNames.customerEvents);
    expect(records.filter(({ customerId }) => customerId === 'refused')).toEqual([]);
  });
});
