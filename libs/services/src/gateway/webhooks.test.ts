import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addressDigest, directoryKey, keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { Barriers, Slot, StateStore } from '@tocsin/core';
import { waitUntil } from '@tocsin/testing';
import { metaSignature, startGatewayWorld, twilioSignature, verifyToken } from './test/gateway-world.ts';
import type { Answer, GatewayWorld } from './test/gateway-world.ts';

const psid = '7001';

interface MessagingEvent {
  readonly [kind: string]: unknown;
}

const says = (mid: string, text: string, from = psid): MessagingEvent => ({
  sender: { id: from },
  recipient: { id: '555' },
  timestamp: 1_790_000_000_000,
  message: { mid, text },
});

const envelope = (...messaging: readonly MessagingEvent[]): string =>
  JSON.stringify({ object: 'page', entry: [{ id: '555', time: 1_790_000_000_000, messaging }] });

describe('webhooks', () => {
  let world: GatewayWorld;
  let barrierAway = false;
  let emptied = false;

  beforeAll(async () => {
    world = await startGatewayWorld({
      wrap: (platform) => {
        const barriers: Barriers = {
          raise: (...barrier) =>
            barrierAway ? Promise.reject(new Error('away')) : platform.barriers.raise(...barrier),
          switchKill: (killSwitch) => platform.barriers.switchKill(killSwitch),
          killSwitches: (tenantId) => platform.barriers.killSwitches(tenantId),
          ask: (questions) => platform.barriers.ask(questions),
        };
        const { state: kept } = platform;
        const empty = (slot: Slot): Slot => ({
          ...slot,
          peek: (keys) => Promise.resolve(keys.map(() => null)),
          position: () => Promise.resolve(null),
        });
        const state: StateStore = {
          slot: (stage, partition) => {
            const slot = kept.slot(stage, partition);
            return emptied && stage === 'directory' ? empty(slot) : slot;
          },
          check: () => kept.check(),
          ping: () => kept.ping(),
          close: () => kept.close(),
        };
        return { ...platform, barriers, state };
      },
    });
    await link(psid, 'cus-1');
  });
  afterAll(() => world.close());

  const post = (
    body: string | Buffer,
    headers: Record<string, string> = { 'x-hub-signature-256': metaSignature(body) },
  ) =>
    world.send('/webhooks/messenger', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  const replies = async () => (await world.records(topicNames.customerEvents)).filter(({ type }) => type === 'reply');
  const size = async () => (await world.records(topicNames.customerEvents)).length;
  const barrierOf = async (customerId: string, channel: string) => {
    const [answer] = await world.platform.barriers.ask([{ tenantId: 'alpha', customerId, channel, provider: 'x' }]);
    return answer?.barrier?.verdict;
  };

  /** A code as the customer's page hands it out. */
  async function codeFor(customerId: string): Promise<string> {
    const { json } = await world.call('POST', `/v1/customers/${customerId}/links`, {
      body: { purpose: 'messenger-link' },
    });
    const { headers } = await world.send(new URL(json.url).pathname, { method: 'POST' });
    return new URL(headers.get('location') ?? '').searchParams.get('ref') ?? '';
  }

  const linked = (address: string, code: string): MessagingEvent => ({
    sender: { id: address },
    recipient: { id: '555' },
    timestamp: 1_790_000_000_000,
    account_linking: { status: 'linked', authorization_code: code },
  });

  async function link(address: string, customerId: string): Promise<void> {
    expect((await post(envelope(linked(address, await codeFor(customerId))))).status).toBe(200);
  }

  it('answers Meta’s verification with the challenge alone', async () => {
    const ask = (token: string) =>
      world.send(`/webhooks/messenger?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`, {
        method: 'GET',
      });
    const { status, text, headers } = await ask(verifyToken);
    expect({ status, text, type: headers.get('content-type') }).toEqual({
      status: 200,
      text: '1158201444',
      type: 'text/plain',
    });
    expect((await ask('another')).status).toBe(403);
  });

  it('takes what Meta signed over the bytes that it sent', async () => {
    // As on the wire: non-ASCII as \u escapes, and slashes escaped, which no JSON writer of ours would do.
    const body = envelope(says('m-bytes', 'PLACE')).replace('PLACE', 'Gr\\u00fc\\u00dfe \\/ \\u041d\\u0415');
    const { status, text } = await post(body);
    expect({ status, text }).toEqual({ status: 200, text: 'EVENT_RECEIVED' });
    expect(await replies()).toContainEqual({
      type: 'reply',
      version: 1,
      id: 'messenger:m-bytes',
      tenantId: 'alpha',
      customerId: 'cus-1',
      channel: 'messenger',
      address: psid,
      at: 1_790_000_000_000,
      acceptedAt: expect.any(Number),
      opensWindow: true,
      text: 'Grüße / НЕ',
    });
  });

  it.each<[string, (body: string) => Promise<Answer>]>([
    ['unsigned', (body) => post(body, {})],
    ['signed by another secret', (body) => post(body, { 'x-hub-signature-256': metaSignature(body, 'other') })],
    [
      'with one byte altered',
      (body) => post(body.replace('hello', 'hellp'), { 'x-hub-signature-256': metaSignature(body) }),
    ],
    [
      'written anew',
      (body) => post(JSON.stringify(JSON.parse(body), null, 1), { 'x-hub-signature-256': metaSignature(body) }),
    ],
    ['with the old signature', (body) => post(body, { 'x-hub-signature': 'sha1=00' })],
    ['that is no JSON', () => post('{', {})],
  ])('refuses what comes %s, and appends nothing', async (_how, call) => {
    const before = await size();
    expect((await call(envelope(says('m-forged', 'hello')))).status).toBe(401);
    expect(await size()).toBe(before);
  });

  it('takes other types of content for what they are: bytes to be verified', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
    ]) {
      expect((await post('<x/>', { 'content-type': type })).status).toBe(401);
    }
    expect((await world.send('/webhooks/messenger', { method: 'POST' })).status).toBe(401);
    expect((await world.send('/webhooks/pigeon', { method: 'POST' })).status).toBe(404);
  });

  it('takes a duplicate, whose id is the same', async () => {
    const body = envelope(says('m-twice', 'hello'));
    expect([(await post(body)).status, (await post(body)).status]).toEqual([200, 200]);
    const ids = (await replies()).map(({ id }) => id).filter((id) => id === 'messenger:m-twice');
    expect(ids).toHaveLength(2);
  });

  it('has a stop in force before it answers, and a start after it', async () => {
    await post(envelope(says('m-stop', ' S.T.O.P! ')));
    expect(await barrierOf('cus-1', 'messenger')).toBe('deny');
    await post(envelope(says('m-start', 'START')));
    expect(await barrierOf('cus-1', 'messenger')).toBe('allow');
    await post(envelope(says('m-plain', 'please stop texting me'), says('m-after', 'thanks')));
    expect(await barrierOf('cus-1', 'messenger')).toBe('deny');
  });

  it('asks to be called again while a stop cannot be put in force', async () => {
    barrierAway = true;
    const body = envelope(says('m-away', 'STOP'));
    const { status, headers } = await post(body);
    expect({ status, wait: headers.get('retry-after') }).toEqual({ status: 503, wait: '1' });
    // What concerns no barrier is taken.
    expect((await post(envelope(says('m-other', 'YES')))).status).toBe(200);
    barrierAway = false;
    expect((await post(body)).status).toBe(200);
  });

  it('masks a card number before anything is stored', async () => {
    await post(envelope(says('m-pan', 'my card is 4111-1111-1111-1111 ok')));
    const records = JSON.stringify(await world.records(topicNames.customerEvents));
    expect(records).toContain('my card is ..1111 ok');
    expect(records).not.toMatch(/4111.?1111.?1111/);
  });

  it('has a provider come again while the store has lost the directory, so that no STOP passes for a stranger’s', async () => {
    await intoDirectory(world, 'messenger', '7010', 'cus-10');
    const before = await size();
    emptied = true;
    try {
      const { status, headers } = await post(envelope(says('m-emptied', 'STOP', '7010')));
      expect({ status, wait: headers.get('retry-after') }).toEqual({ status: 503, wait: '1' });
      expect(await size()).toBe(before);
      expect((await world.send('/metrics', {})).text).toContain('tocsin_http_away_total{code="DIRECTORY_AWAY"} 1');
    } finally {
      emptied = false;
    }
    expect((await post(envelope(says('m-emptied', 'STOP', '7010')))).status).toBe(200);
    expect(await barrierOf('cus-10', 'messenger')).toBe('deny');
  });

  it('takes a tap in the Page’s menu for its payload, so that a stop in any language is in force at once', async () => {
    await link('7011', 'cus-11');
    const menu = { sender: { id: '7011' }, timestamp: 1_790_000_000_000 };
    const tap = { ...menu, postback: { mid: 'm-menu', title: 'Спри известията', payload: 'STOP' } };
    expect((await post(envelope(tap))).status).toBe(200);
    expect(await barrierOf('cus-11', 'messenger')).toBe('deny');
  });

  it('starts nothing for a tap that only opens the conversation behind a link', async () => {
    const code = await codeFor('cus-12');
    const menu = { sender: { id: '7012' }, timestamp: 1_790_000_000_000 };
    const tap = { mid: 'm-opens', title: 'Get started', payload: 'START', referral: { ref: code } };
    expect((await post(envelope({ ...menu, postback: tap }))).status).toBe(200);
    expect(await replies()).toContainEqual(expect.objectContaining({ customerId: 'cus-12', opening: true }));
    expect(await barrierOf('cus-12', 'messenger')).toBeUndefined();
  });

  it('only counts what comes from an address that is nobody’s', async () => {
    const before = await size();
    expect((await post(envelope(says('m-nobody', 'STOP', '9999')))).status).toBe(200);
    expect(await size()).toBe(before);
    const metrics = await (await fetch(`${world.url}/metrics`)).text();
    expect(metrics).toContain('tocsin_inbound_total{channel="messenger",result="unknown-address"} 1');
  });

  it('ties an address to a customer by a code, once', async () => {
    const code = await codeFor('cus-2');
    // A tap follows in the same call: it already has a customer.
    expect((await post(envelope(linked('7002', code), says('m-linked', 'hi', '7002')))).status).toBe(200);
    expect((await post(envelope(linked('7003', code)))).status).toBe(200);
    const records = await world.records(topicNames.customerEvents);
    expect(records.filter(({ type, customerId }) => type === 'link' && customerId === 'cus-2')).toEqual([
      expect.objectContaining({ channel: 'messenger', address: '7002', linked: true, tenantId: 'alpha' }),
    ]);
    expect(records).toContainEqual(expect.objectContaining({ type: 'reply', customerId: 'cus-2', text: 'hi' }));
  });

  it('keeps the code when the link could not be recorded', async () => {
    const code = await codeFor('cus-3');
    barrierAway = true;
    const body = envelope(linked('7004', code), says('m-stop-at-once', 'STOP', '7004'));
    expect((await post(body)).status).toBe(503);
    barrierAway = false;
    expect((await post(body)).status).toBe(200);
    expect(await barrierOf('cus-3', 'messenger')).toBe('deny');
  });

  it('takes no code of another bank’s customer, and writes the attempt down', async () => {
    const { platform } = world;
    const code = 'B'.repeat(22);
    const bound = { tenantId: 'beta', customerId: 'cus-b', purpose: 'messenger-code', expiresAt: Date.now() + 60_000 };
    await platform.shortTerm.put(`link:${code}`, JSON.stringify(bound), 60_000);
    const before = await size();
    expect((await post(envelope(linked('7005', code)))).status).toBe(200);
    expect(await size()).toBe(before);
    expect(await world.records(topicNames.audit)).toContainEqual(
      expect.objectContaining({ actor: 'webhook:messenger', tenantId: 'alpha', result: 'refused' }),
    );
  });

  it('unties', async () => {
    await link('7006', 'cus-6');
    const unlinked = { sender: { id: '7006' }, timestamp: 1_790_000_000_001, account_linking: { status: 'unlinked' } };
    await post(envelope(unlinked));
    const links = (await world.records(topicNames.customerEvents)).filter(
      ({ type, customerId }) => type === 'link' && customerId === 'cus-6',
    );
    expect(links.map(({ linked }) => linked)).toEqual([true, false]);
    // What was consented to there ends with it: nothing leaves until the senders know.
    expect(await barrierOf('cus-6', 'messenger')).toBe('wait');
    const before = await size();
    await post(envelope(says('m-untied', 'hi', '7006')));
    expect(await size()).toBe(before);
  });

  it('knows whose an address is that was untied and tied again in one call', async () => {
    await link('7021', 'cus-21');
    const unlinked = { sender: { id: '7021' }, timestamp: 1_790_000_000_001, account_linking: { status: 'unlinked' } };
    await post(envelope(unlinked, linked('7021', await codeFor('cus-22'))));
    await post(envelope(says('m-again', 'STOP', '7021')));
    expect((await replies()).filter(({ id }) => id === 'messenger:m-again').map((one) => one.customerId)).toEqual([
      'cus-22',
    ]);
    expect(await barrierOf('cus-22', 'messenger')).toBe('deny');
  });

  it('has an untying in force before it is acknowledged', async () => {
    await link('7013', 'cus-13');
    const unlinked = { sender: { id: '7013' }, timestamp: 1_790_000_000_002, account_linking: { status: 'unlinked' } };
    barrierAway = true;
    expect((await post(envelope(unlinked))).status).toBe(503);
    barrierAway = false;
    expect((await post(envelope(unlinked))).status).toBe(200);
    expect(await barrierOf('cus-13', 'messenger')).toBe('wait');
  });

  it('finds whose a number is in the directory, and verifies Twilio’s form', async () => {
    const number = '+359881234567';
    await intoDirectory(world, 'sms', number, 'cus-sms');
    const url = `${world.url}/webhooks/sms`;
    const form = { MessageSid: 'SM1', From: number, To: '+35924000000', Body: 'СТОП' };
    const call = (given: Record<string, string>, signature: string) =>
      world.send('/webhooks/sms', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
        body: new URLSearchParams(given).toString(),
      });
    expect((await call({ ...form, Body: 'NO' }, twilioSignature(url, form))).status).toBe(403);
    const { status, text, headers } = await call(form, twilioSignature(url, form));
    expect({ status, text, type: headers.get('content-type') }).toEqual({
      status: 200,
      text: '<Response/>',
      type: 'text/xml',
    });
    const [reply] = (await replies()).filter(({ customerId }) => customerId === 'cus-sms');
    expect(reply).toMatchObject({ id: 'sms:SM1', text: 'СТОП', address: number, opensWindow: false });
    // Twilio's form has no time of its own.
    expect(Math.abs(Date.now() - reply!.at)).toBeLessThan(60_000);
    expect(await barrierOf('cus-sms', 'sms')).toBe('deny');

    const receipt = { MessageSid: 'SM2', MessageStatus: 'delivered', From: '+35924000000', To: number };
    expect((await call(receipt, twilioSignature(url, receipt))).status).toBe(200);
    expect(await world.records(topicNames.customerEvents)).toContainEqual(
      expect.objectContaining({
        type: 'receipt',
        customerId: 'cus-sms',
        ref: 'SM2',
        state: 'delivered',
        channel: 'sms',
      }),
    );
  });

  it('tells every customer who has the number: a STOP is in force for all of them, and one of them is answered', async () => {
    const number = '+359881234568';
    await intoDirectory(world, 'sms', '+359 88 123 4568', 'cus-first');
    await intoDirectory(world, 'sms', number, 'cus-second');
    const url = `${world.url}/webhooks/sms`;
    const call = (form: Record<string, string>) =>
      world.send('/webhooks/sms', {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-twilio-signature': twilioSignature(url, form),
        },
        body: new URLSearchParams(form).toString(),
      });
    const both = ['cus-second', 'cus-first'];
    const to = '+35924000000';
    expect((await call({ MessageSid: 'SM7', From: number, To: to, Body: 'STOP' })).status).toBe(200);
    const told = (await replies()).filter(({ id }) => id === 'sms:SM7');
    expect(new Map(told.map((one) => [one.customerId, (one as { shared?: boolean }).shared]))).toEqual(
      new Map([
        ['cus-first', true],
        ['cus-second', undefined],
      ]),
    );
    for (const one of both) expect(await barrierOf(one, 'sms')).toBe('deny');
    // Who starts again is the one who is answered; what the other one agreed to is not for this one to say.
    await call({ MessageSid: 'SM8', From: number, To: to, Body: 'START' });
    expect([await barrierOf('cus-second', 'sms'), await barrierOf('cus-first', 'sms')]).toEqual(['allow', 'deny']);
    await call({ MessageSid: 'SM9', MessageStatus: 'delivered', From: to, To: number });
    const receipts = (await world.records(topicNames.customerEvents)).filter(({ id }) => id.startsWith('sms:SM9'));
    expect(receipts.map(({ customerId }) => customerId).sort()).toEqual(both.sort());
  });

  it('verifies a JSON body by the hash that Twilio puts into the address', async () => {
    const bodyHash = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
    const url = `${world.url}/webhooks/sms?bodySHA256=${bodyHash}`;
    const call = (body: string) =>
      world.send(`/webhooks/sms?bodySHA256=${bodyHash}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-twilio-signature': twilioSignature(url, {}) },
        body,
      });
    expect((await call('{}')).status).toBe(200);
    expect((await call('{ }')).status).toBe(403);
  });

  it('passes on what settles an unknown send, and who owns the conversation', async () => {
    const echo = {
      sender: { id: '555' },
      recipient: { id: psid },
      timestamp: 1_790_000_000_000,
      message: { mid: 'm-echo', is_echo: true, metadata: 'k'.repeat(32), text: 'ours' },
    };
    const standby = [says('m-standby', 'HELP')];
    const body = JSON.stringify({ object: 'page', entry: [{ id: '555', time: 1, messaging: [echo], standby }] });
    expect((await post(body)).status).toBe(200);
    const records = await world.records(topicNames.customerEvents);
    expect(records).toContainEqual(
      expect.objectContaining({ type: 'receipt', ref: 'm-echo', key: 'k'.repeat(32), state: 'sent' }),
    );
    expect(records).toContainEqual(expect.objectContaining({ id: 'messenger:m-standby', standby: true }));
  });

  it('takes many events of one call in their order', async () => {
    const messages = Array.from({ length: 300 }, (_, i) => says(`m-many-${i}`, `line ${i}`));
    expect((await post(envelope(...messages))).status).toBe(200);
    const texts = (await replies()).map(({ text }) => String(text)).filter((text) => text.startsWith('line '));
    expect(texts).toEqual(messages.map((_, i) => `line ${i}`));
  });

  it('refuses a body over 1 MiB', async () => {
    const body = envelope(says('m-large', 'x'.repeat(1024 * 1024)));
    expect((await post(body)).status).toBe(413);
  });
});

describe('a provider that calls too often', () => {
  it('is told to wait, while what is not authentic counts for nothing', async () => {
    const world = await startGatewayWorld({ gateway: { rate: { perSecond: 0.1, burst: 2 } } });
    try {
      const body = envelope(says('m-rate', 'hello'));
      const call = (signature: string) =>
        world.send('/webhooks/messenger', { method: 'POST', headers: { 'x-hub-signature-256': signature }, body });
      for (let n = 0; n < 5; n++) expect((await call('sha256=00')).status).toBe(401);
      const good = metaSignature(body);
      expect([(await call(good)).status, (await call(good)).status]).toEqual([200, 200]);
      const { status, headers } = await call(good);
      expect(status).toBe(429);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    } finally {
      await world.close();
    }
  });
});

/** As `alert` does when a customer's address changes; resolves when the gateway's own stage has it. */
async function intoDirectory(world: GatewayWorld, channel: string, address: string, customerId: string): Promise<void> {
  const { log, state, partitions } = world.platform;
  const tenantId = 'alpha';
  const digest = addressDigest(world.digest, tenantId, channel, address);
  const key = keyOf(tenantId, `${channel}:${digest}`);
  const partition = partitionOf(key, partitions[topicNames.addresses] ?? 0);
  const value = { type: 'address', version: 1, tenantId, channel, addressDigest: digest, customerId };
  await log.append([{ topic: topicNames.addresses, partition, key, value: JSON.stringify(value) }]);
  await waitUntil('the directory to know the address', async () => {
    const [entry] = await state.slot('directory', partition).peek([directoryKey(tenantId, channel, digest)]);
    return entry !== null && entry !== undefined && Buffer.from(entry).includes(customerId);
  });
}
