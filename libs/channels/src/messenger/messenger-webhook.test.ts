import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import type { ChannelEvent, WebhookAnswer, WebhookRequest } from '@tocsin/core';
import { startFakeGraph } from '@tocsin/simulator';
import type { FakeGraph, GraphWebhookOptions } from '@tocsin/simulator';
import { webhookCall } from '../webhook-call.testing.ts';
import { MessengerOptions } from './messenger-options.ts';
import { messengerWebhook } from './messenger-webhook.ts';

const at = 1_790_000_000_100;
const options = (more: object = {}): MessengerOptions =>
  plainToInstance(MessengerOptions, {
    pageId: '555',
    accessToken: 't',
    appSecrets: ['secret-new', 'secret-old'],
    verifyToken: 'verify-me',
    ...more,
  });

let fake: FakeGraph;
beforeAll(async () => {
  fake = await startFakeGraph({ pageId: '555', accessToken: 't', appSecret: 'secret-old', now: () => at });
});
afterAll(() => fake.stop());

async function received(events: readonly object[], how: GraphWebhookOptions = {}): Promise<WebhookAnswer> {
  return messengerWebhook(options(), await webhookCall((url) => fake.deliver(events, { url, ...how })));
}
async function eventsOf(events: readonly object[], how?: GraphWebhookOptions): Promise<readonly ChannelEvent[]> {
  const answer = await received(events, how);
  return answer.kind === 'events' ? answer.events : [];
}

/** A call as bytes, signed here by hand. */
function signed(body: string, secret = 'secret-new'): WebhookRequest {
  const rawBody = Buffer.from(body);
  const signature = `sha256=${createHmac('sha256', secret).update(rawBody).digest('hex')}`;
  return {
    method: 'POST',
    url: 'https://bank.example/webhooks/messenger',
    headers: { 'x-hub-signature-256': signature },
    query: {},
    rawBody,
  };
}

describe('the verification call', () => {
  const get = (query: Record<string, string>): WebhookAnswer =>
    messengerWebhook(options(), {
      method: 'GET',
      url: 'https://x.example/',
      headers: {},
      query,
      rawBody: new Uint8Array(),
    });

  it('gives the challenge back to who knows the token', () => {
    const query = { 'hub.mode': 'subscribe', 'hub.verify_token': 'verify-me', 'hub.challenge': '123' };
    expect(get(query)).toEqual({ kind: 'challenge', body: '123' });
    expect(get({ ...query, 'hub.verify_token': 'verify-mf' })).toEqual({ kind: 'refused', status: 403 });
    expect(get({ ...query, 'hub.mode': 'unsubscribe' })).toEqual({ kind: 'refused', status: 403 });
    expect(get({})).toEqual({ kind: 'refused', status: 403 });
  });
});

describe('the signature', () => {
  const body = JSON.stringify({ object: 'page', entry: [] });

  it('may be of either secret while one replaces the other', () => {
    expect(messengerWebhook(options(), signed(body, 'secret-new')).kind).toBe('events');
    expect(messengerWebhook(options(), signed(body, 'secret-old')).kind).toBe('events');
    expect(messengerWebhook(options(), signed(body, 'secret-older'))).toEqual({ kind: 'refused', status: 401 });
    expect(messengerWebhook(options({ appSecrets: ['secret-new'] }), signed(body, 'secret-old')).kind).toBe('refused');
  });

  it('covers the bytes as they came, escapes included', () => {
    const escaped =
      '{"object":"page","entry":[{"id":"555","time":1,"messaging":[{"sender":{"id":"1"},"timestamp":5,"message":{"mid":"m","text":"\\u043d\\u0435"}}]}]}';
    expect(messengerWebhook(options(), signed(escaped))).toMatchObject({ events: [{ text: 'не' }] });
    const rewritten = JSON.stringify(JSON.parse(escaped));
    expect(messengerWebhook(options(), { ...signed(escaped), rawBody: Buffer.from(rewritten) }).kind).toBe('refused');
  });

  it('must be there, whole, in the form of today', () => {
    const call = signed(body);
    for (const header of ['', 'sha256=', 'sha256=00', `sha1=${'0'.repeat(40)}`, `sha256=${'g'.repeat(64)}`]) {
      expect(messengerWebhook(options(), { ...call, headers: { 'x-hub-signature-256': header } })).toEqual({
        kind: 'refused',
        status: 401,
      });
    }
    expect(messengerWebhook(options(), { ...call, headers: {} })).toEqual({ kind: 'refused', status: 401 });
  });

  it('does not help a body that is none of ours', () => {
    expect(messengerWebhook(options(), signed('{'))).toEqual({ kind: 'refused', status: 400 });
    expect(messengerWebhook(options(), signed('{"object":"instagram","entry":[]}'))).toEqual({
      kind: 'refused',
      status: 404,
    });
    expect(
      messengerWebhook(options(), signed('{"object":"page","entry":[null,{"messaging":[7,{}]},{"changes":[]}]}')),
    ).toMatchObject({ events: [] });
  });
});

describe('events', () => {
  it('are answered as Meta expects', async () => {
    expect(await received([])).toEqual({
      kind: 'events',
      events: [],
      body: 'EVENT_RECEIVED',
      contentType: 'text/plain',
    });
  });

  it('tell what a customer wrote or tapped', async () => {
    const events = await eventsOf([
      fake.events.says('7001', 'Да, аз бях 👍'),
      fake.events.taps('7001', 'Q:9f2c:N', 'No, not me'),
      fake.events.postback('7001', 'Q:9f2c:Y', 'Yes, it was me'),
    ]);
    const same = { kind: 'message', address: '7001', at, opensWindow: true, id: expect.stringMatching(/^m_in_/) };
    expect(events).toEqual([
      { ...same, text: 'Да, аз бях 👍' },
      { ...same, text: 'No, not me', payload: 'Q:9f2c:N' },
      { ...same, text: 'Yes, it was me', payload: 'Q:9f2c:Y' },
    ]);
  });

  it('tie a person to a customer: by account linking, or by the nonce of a link', async () => {
    const events = await eventsOf([
      fake.events.links('7001', 'ac-51'),
      fake.events.opensLink('7002', 'n-83jd'),
      fake.events.postback('7003', 'START', 'Get started', 'n-84'),
      fake.events.unlinks('7001'),
    ]);
    expect(events).toMatchObject([
      { kind: 'linked', address: '7001', code: 'ac-51', at },
      { kind: 'linked', address: '7002', code: 'n-83jd', at },
      { kind: 'linked', address: '7003', code: 'n-84', at },
      { kind: 'message', address: '7003', payload: 'START', opening: true, opensWindow: true },
      { kind: 'unlinked', address: '7001', at },
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  it('report what arrived and what was read', async () => {
    const events = await eventsOf([
      fake.events.delivered('7001', ['m_1', 'm_2'], 900),
      fake.events.delivered('7001', undefined, 901),
      fake.events.read('7001', 902),
    ]);
    expect(events).toEqual([
      { kind: 'receipt', id: 'delivered:m_1', address: '7001', ref: 'm_1', watermarkAt: 900, state: 'delivered', at },
      { kind: 'receipt', id: 'delivered:m_2', address: '7001', ref: 'm_2', watermarkAt: 900, state: 'delivered', at },
      { kind: 'receipt', id: 'delivered:7001:901', address: '7001', watermarkAt: 901, state: 'delivered', at },
      { kind: 'receipt', id: 'read:7001:902', address: '7001', watermarkAt: 902, state: 'read', at },
    ]);
  });

  it('that are echoes are never a customer, but settle a send whose answer was lost', async () => {
    const events = await eventsOf([
      fake.events.echo('7001', 'm_9', 'Did you pay?', 'k-1'),
      fake.events.echo('7001', 'm_10', 'typed by an agent'),
    ]);
    expect(events).toEqual([
      { kind: 'receipt', id: 'sent:m_9', address: '7001', ref: 'm_9', key: 'k-1', state: 'sent', at },
    ]);
  });

  it('of a conversation that another application owns are flagged', async () => {
    const events = await eventsOf([fake.events.says('7001', 'STOP')], { as: 'standby' });
    expect(events).toMatchObject([{ kind: 'message', text: 'STOP', opensWindow: true, standby: true }]);
  });

  it('that nobody asked for are ignored', async () => {
    expect(await eventsOf([fake.events.optsIn('7001')])).toEqual([]);
  });

  it('may carry their time as text', () => {
    const event = { sender: { id: 7001 }, timestamp: '1790000000110', message: { mid: 'm', text: 'x' } };
    const answer = messengerWebhook(
      options(),
      signed(JSON.stringify({ object: 'page', entry: [{ id: '555', messaging: [event] }] })),
    );
    expect(answer).toMatchObject({ events: [{ address: '7001', at: 1_790_000_000_110 }] });
  });

  it('have the same ids when they come again, and an id of their own without a message id', () => {
    const event = { sender: { id: '7001' }, timestamp: 5, message: { text: 'x' } };
    const call = signed(
      JSON.stringify({ object: 'page', entry: [{ id: '555', messaging: [event, { ...event, timestamp: 6 }] }] }),
    );
    const first = messengerWebhook(options(), call);
    expect(first).toMatchObject({ events: [{ id: 'message:7001:5' }, { id: 'message:7001:6' }] });
    expect(messengerWebhook(options(), call)).toEqual(first);
  });
});
