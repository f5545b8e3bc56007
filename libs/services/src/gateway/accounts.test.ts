import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames } from '@tocsin/core';
import { apiKeys, startGatewayWorld } from './test/gateway-world.ts';
import type { GatewayWorld } from './test/gateway-world.ts';

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

const recorded = async (accountId: string) =>
  (await world.records(topicNames.accountEvents)).filter((record) => record.accountId === accountId);

describe('what the bank tells of an account', () => {
  it('becomes records of account-events', async () => {
    const base = '/v1/accounts/acc-1';
    const holders = [
      { customerId: 'cus-1', role: 'owner' },
      { customerId: 'cus-2', role: 'joint' },
    ];
    const settings = { country: 'BG', openedOn: '2020-01-31', currency: 'EUR' };
    await world.call('PUT', `${base}/holders`, { body: { holders } });
    await world.call('PUT', `${base}/settings`, { body: settings });
    await world.call('PUT', `${base}/holders/cus-1/conditions`, {
      body: {
        conditions: {
          'purchase-over': { on: true, amount: { value: '50.00', currency: 'EUR' } },
          deposit: { on: false },
        },
      },
    });
    const common = { version: 1, tenantId: 'alpha', accountId: 'acc-1', acceptedAt: expect.any(Number) };
    const id = expect.stringMatching(/^key:alpha\//);
    expect(await recorded('acc-1')).toEqual([
      { type: 'account-holders', id, ...common, holders },
      { type: 'account-settings', id, ...common, ...settings },
      {
        type: 'conditions',
        id,
        ...common,
        customerId: 'cus-1',
        conditions: { 'purchase-over': { on: true, amount: { minor: 5000, currency: 'EUR' } }, deposit: { on: false } },
      },
    ]);
  });

  it('may have an id of any letters, percent-encoded', async () => {
    const accountId = 'Сметка/1:%20 é';
    const put = await world.call('PUT', `/v1/accounts/${encodeURIComponent(accountId)}/holders`, {
      body: { holders: [] },
    });
    expect(put.status).toBe(200);
    expect(await recorded(accountId)).toHaveLength(1);
    const long = 'ж'.repeat(256);
    expect((await world.call('GET', `/v1/customers/${encodeURIComponent(long)}/alerts`)).status).toBe(200);
  });

  it.each([
    ['PUT', '/v1/accounts/customer%2Fcus-1/holders', { holders: [] }],
    ['PUT', '/v1/accounts/%00/holders', { holders: [] }],
    ['PUT', `/v1/accounts/${'x'.repeat(257)}/holders`, { holders: [] }],
    ['PUT', '/v1/accounts/bad/holders', { holders: [{ customerId: 'c', role: 'thief' }] }],
    ['PUT', '/v1/accounts/bad/settings', { country: 'XX' }],
    ['PUT', '/v1/accounts/bad/settings', { openedOn: '2026-02-30' }],
    ['PUT', '/v1/accounts/bad/holders/c/conditions', { conditions: { deposit: { on: 'yes' } } }],
    ['PUT', '/v1/accounts/bad/holders/c/conditions', { conditions: { deposit: { on: true, more: 1 } } }],
    [
      'PUT',
      '/v1/accounts/bad/holders/c/conditions',
      { conditions: { deposit: { on: true, amount: { value: '1.234', currency: 'EUR' } } } },
    ],
    ['PUT', '/v1/accounts/bad/holders/c/conditions', { conditions: { 'NOT A NAME': { on: true } } }],
    [
      'PUT',
      '/v1/customers/account%2Facc-1/profile',
      { language: 'en', timeZone: 'UTC', contactPoints: {}, channelOrder: [] },
    ],
    [
      'PUT',
      '/v1/customers/bad/profile',
      { language: 'en', timeZone: 'Mars/Base', contactPoints: {}, channelOrder: [] },
    ],
    [
      'PUT',
      '/v1/customers/bad/profile',
      { language: 'en', timeZone: 'UTC', contactPoints: { sms: { address: 5, verified: true } }, channelOrder: [] },
    ],
    [
      'PUT',
      '/v1/customers/bad/profile',
      { language: 'en', timeZone: 'UTC', contactPoints: { sms: 'x' }, channelOrder: [] },
    ],
    ['PUT', '/v1/customers/bad/profile', { language: 'en', timeZone: 'UTC', contactPoints: [], channelOrder: [] }],
    ['PUT', '/v1/customers/bad/preferences', { grouping: { '*': { waitMs: -1, intervalMs: 0 } } }],
    ['PUT', '/v1/customers/bad/preferences', { coolDownMs: { '*': '5' } }],
    ['PUT', '/v1/customers/bad/preferences', { privacy: { sms: 'secret' } }],
  ])('is refused where it is wrong: %s %s %j', async (method, path, body) => {
    expect((await world.call(method, path, { body })).status).toBe(400);
    expect(await recorded('bad')).toEqual([]);
  });

  it('says where something is wrong', async () => {
    const body = { conditions: { deposit: { on: true, amount: { value: 'x', currency: 'EUR' } } } };
    const { json } = await world.call('PUT', '/v1/accounts/bad/holders/c/conditions', { body });
    expect(json.message).toEqual([expect.stringMatching(/^conditions\.deposit\.amount: value must match/)]);
  });
});

describe('an event', () => {
  const event = {
    id: 'e-1',
    type: 'payee-added',
    accountId: 'acc-e',
    occurredAt: '2026-01-01T12:00:00Z',
    data: { note: 'card 4111111111111111', payeeId: '4111111111111111' },
  };

  it('is taken as from a topic: under its own id, without card numbers', async () => {
    const { status, json } = await world.call('POST', '/v1/events', { body: event });
    expect({ status, json }).toEqual({ status: 202, json: { id: 'e-1' } });
    expect(await recorded('acc-e')).toEqual([
      {
        type: 'account-event',
        version: 1,
        id: 'e-1',
        tenantId: 'alpha',
        kind: 'payee-added',
        accountId: 'acc-e',
        occurredAt: Date.UTC(2026, 0, 1, 12),
        acceptedAt: expect.any(Number),
        data: { note: 'card ..1111', payeeId: '4111111111111111' },
      },
    ]);
  });

  it('may be a label', async () => {
    const data = { transactionId: 't-1', label: 'fraud', source: 'analyst' };
    const label = { id: 'l-1', type: 'label', accountId: 'acc-l', occurredAt: '2026-01-01', data };
    expect((await world.call('POST', '/v1/events', { body: label })).status).toBe(202);
    expect(await recorded('acc-l')).toEqual([
      {
        type: 'label',
        version: 1,
        id: 'l-1',
        tenantId: 'alpha',
        accountId: 'acc-l',
        at: Date.UTC(2026, 0, 1),
        ...data,
      },
    ]);
  });

  it('is refused for the reasons for which a record would be', async () => {
    const { status, json } = await world.call('POST', '/v1/events', { body: { ...event, occurredAt: 'yesterday' } });
    expect(status).toBe(400);
    expect(json.rejections).toEqual([expect.objectContaining({ code: 'TIME_INVALID', path: 'occurredAt' })]);
    expect((await world.call('POST', '/v1/events', { body: [event] })).status).toBe(400);
    expect((await world.call('POST', '/v1/events', { body: { ...event, type: 'transaction' } })).status).toBe(400);
  });

  it('is refused where nothing was sent', async () => {
    for (const path of ['/v1/events', '/v1/bank-answers']) {
      const { status, json } = await world.call('POST', path);
      expect({ path, status, rejections: json.rejections }).toEqual({
        path,
        status: 400,
        rejections: [expect.objectContaining({ code: expect.any(String) })],
      });
    }
  });
});

describe('the bank’s answer to a request', () => {
  it('goes to the account that the request names', async () => {
    const body = {
      requestId: 'freeze/acc%2F7/0123456789abcdef',
      answer: 'refused',
      why: 'card  4111111111111111 unknown',
    };
    const { status, json } = await world.call('POST', '/v1/bank-answers', { body });
    expect({ status, id: json.id }).toEqual({ status: 202, id: `${body.requestId}/refused` });
    expect(await recorded('acc/7')).toEqual([
      expect.objectContaining({
        type: 'bank-answer',
        requestId: body.requestId,
        answer: 'refused',
        why: 'card ..1111 unknown',
      }),
    ]);
  });

  it('is refused when it names no request of ours', async () => {
    const body = { requestId: 'something', answer: 'accepted' };
    expect((await world.call('POST', '/v1/bank-answers', { body })).status).toBe(400);
  });
});

describe('a kill switch', () => {
  const turn = (body: object, key: string = apiKeys.alpha) => world.call('POST', '/v1/kill-switches', { key, body });
  const ask = async () => {
    const [answer] = await world.platform.barriers.ask([
      { tenantId: 'alpha', customerId: 'anybody', channel: 'sms', provider: 'Twilio' },
    ]);
    return answer?.killed;
  };

  it.each(['channel:sms', 'provider:Twilio', 'all'])(
    'stops %s before it answers, and lets it go again',
    async (scope) => {
      const why = 'the provider leaks, says card 4111111111111111';
      const { status, json } = await turn({ scope, on: true, why });
      expect({ status, json }).toEqual({ status: 200, json: { scope, on: true } });
      expect(await ask()).toBe(scope);
      expect(await world.records(topicNames.audit)).toContainEqual({
        type: 'audit',
        version: 1,
        id: expect.any(String),
        tenantId: 'alpha',
        actor: 'key:alpha',
        action: `kill-switch ${scope} on`,
        result: 'done',
        why: 'the provider leaks, says card ..1111',
        at: expect.any(Number),
      });
      await turn({ scope, on: false, why: 'mended' });
      expect(await ask()).toBeNull();
      const listed = (await world.call('GET', '/v1/kill-switches')).json;
      expect(listed).toContainEqual(expect.objectContaining({ scope, on: false, by: 'key:alpha', why: 'mended' }));
    },
  );

  it.each(['channel:smss', 'provider:Nobody', 'everything', 'channel:', ''])(
    'refuses the scope "%s"',
    async (scope) => {
      expect((await turn({ scope, on: true, why: 'x' })).status).toBe(400);
    },
  );

  it('needs a reason', async () => {
    expect((await turn({ scope: 'all', on: true, why: '' })).status).toBe(400);
    expect((await turn({ scope: 'all', on: true })).status).toBe(400);
  });

  it('is one bank’s own', async () => {
    expect((await turn({ scope: 'channel:sms', on: true, why: 'x' }, apiKeys.beta)).status).toBe(400);
    expect((await turn({ scope: 'all', on: true, why: 'x' }, apiKeys.beta)).status).toBe(200);
    expect(await ask()).toBeNull();
    expect((await world.call('GET', '/v1/kill-switches')).json).not.toContainEqual(
      expect.objectContaining({ on: true }),
    );
  });
});
