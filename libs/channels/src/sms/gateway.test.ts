import { afterEach, describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import type { Outcome, WebhookAnswer } from '@tocsin/core';
import { startFakeGenericSms } from '@tocsin/simulator';
import type { FakeGenericSms, FakeGenericSmsOptions, Fault } from '@tocsin/simulator';
import { channelCases, counterpartRetryAfterSeconds } from '@tocsin/suites';
import type { ChannelUnderTest } from '@tocsin/suites';
import { plainRequest } from '../plain-request.ts';
import { webhookCall } from '../webhook-call.testing.ts';
import { sms, SmsOptions } from './sms.ts';

const webhookSecret = 'a-webhook-secret-1';
const bearer = { auth: { kind: 'bearer', token: 'tok' }, webhookSecret } as const;
const description = (port: number, more: object = {}) => ({
  provider: 'generic',
  generic: {
    account: 'bank-1',
    url: `http://127.0.0.1:${port}/send`,
    from: 'Bank',
    body: '{"to":{{to|json}},"from":{{from|json}},"text":{{text|json}},"reference":{{key|json}}}',
    auth: { kind: 'bearer', secret: 'tok' },
    success: { statuses: [202], pointer: '/result/status', equals: 'queued' },
    idPointer: '/result/id',
    errors: [
      { pointer: '/error/code', equals: 'invalid-number', becomes: 'badAddress', code: 'invalid-number' },
      { pointer: '/error/code', equals: 'blocked', becomes: 'ineligible', code: 'blocked' },
      { statuses: [401, 402], becomes: 'retry', scope: 'channel', code: 'account' },
      { pattern: 'maintenance', becomes: 'retry', code: 'maintenance' },
    ],
    verification: {
      kind: 'hmac-sha256',
      header: 'X-Gateway-Signature',
      prefix: 'sha256=',
      secrets: ['another-secret-99', webhookSecret],
    },
    receipts: {
      state: '/report/state',
      states: [
        { value: 'sent', state: 'sent' },
        { value: 'delivered', state: 'delivered' },
        { value: 'rejected', state: 'failed' },
      ],
      to: '/report/to',
      ref: '/report/id',
      key: '/report/reference',
      at: '/report/time',
    },
    inbound: { from: '/inbound/from', text: '/inbound/text', id: '/inbound/id', at: '/inbound/time' },
    ...more,
  },
});

async function underTest(): Promise<ChannelUnderTest> {
  const fake = await startFakeGenericSms(bearer);
  const faults: Record<string, Fault> = {
    throttle: { kind: 'rate-limited', retryAfterSeconds: counterpartRetryAfterSeconds },
    'drop-after-body': { kind: 'drop-after-body' },
    'never-answer': { kind: 'never-answer' },
  };
  return {
    channel: sms,
    options: (port = fake.port) => description(port),
    badOptions: [
      { options: description(1, { url: 'https://{{to|url}}/send' }), path: 'generic.url' },
      { options: description(1, { body: '{"to":"{{to}}"}' }), path: 'generic.body' },
      { options: description(1, { body: '{"to":{{to|url}}}' }), path: 'generic.body' },
      { options: description(1, { errors: [{ becomes: 'retry', code: 'X Y' }] }), path: 'generic.errors.0.code' },
      { options: description(1, { verification: undefined }), path: 'generic.verification' },
      { options: description(1, { success: { pattern: '(' } }), path: 'generic.success.pattern' },
    ],
    recipient: { address: '+15550111' },
    behave: (how) => (how === 'accept' ? fake.clearScript() : void fake.script({ fault: faults[how]! })),
    retryAfterSeconds: counterpartRetryAfterSeconds,
    requests: () => fake.received().length,
    received: () =>
      fake
        .received()
        .map(({ path, headers, body }) => `${path}\n${JSON.stringify(headers)}\n${body}`)
        .join('\n'),
    texts: () => fake.visible().map(({ text }) => text),
    webhook: {
      genuine: [await webhookCall((url) => fake.text(url, '+15550111', 'NO'))],
      forged: [
        await webhookCall((url) => fake.text(url, '+15550111', 'NO', { wrongSignature: true })),
        await webhookCall((url) => fake.text(url, '+15550111', 'NO', { unsigned: true })),
      ],
    },
    stop: () => fake.stop(),
  };
}

describe('the contract of a channel', () => {
  it.each(channelCases(underTest))('$name', ({ run }) => run());
  it.each(channelCases(async () => ({ ...(await underTest()), tools: { request: plainRequest } })))(
    '$name, by plain requests',
    ({ run }) => run(),
  );
});

describe('sms by a described gateway', () => {
  let fake: FakeGenericSms | undefined;
  afterEach(() => fake?.stop());

  async function given(fakeOptions: Partial<FakeGenericSmsOptions> = {}, more: object = {}) {
    const started = await startFakeGenericSms({ ...bearer, ...fakeOptions });
    fake = started;
    const options = plainToInstance(SmsOptions, description(started.port, more));
    const channel = sms.open(options, { fetch, request: plainRequest });
    return {
      fake: started,
      options,
      send: (text = 'Did you pay?', address = '+15550111'): Promise<Outcome> =>
        channel.send(
          { address },
          { text, subject: '', language: 'en', replies: [], template: { name: 'x', parameters: {} } },
          { key: 'k-1', now: 0, signal: new AbortController().signal },
        ),
    };
  }

  it('fills the template with encoded values, and reads the id out of the answer', async () => {
    const { fake, send } = await given();
    const text = 'a "quoted" {{to|json}} \\ line\nend';
    expect(await send(text)).toEqual({ kind: 'accepted', ref: 'g-1' });
    expect(fake.visible('+15550111')).toEqual([{ id: 'g-1', to: '+15550111', text, key: 'k-1', buttons: [] }]);
  });

  it.each([
    [
      { kind: 'basic', user: 'u', password: 'p' },
      { kind: 'basic', user: 'u', secret: 'p' },
    ],
    [
      { kind: 'header', header: 'X-Api-Key', value: 'v' },
      { kind: 'header', header: 'X-Api-Key', secret: 'v' },
    ],
    [
      { kind: 'hmac-sha256', secret: 's' },
      { kind: 'hmac-sha256', header: 'X-Signature', secret: 's' },
    ],
  ] as const)('signs in by $kind', async (theirs, ours) => {
    const { send } = await given({ auth: theirs }, { auth: ours });
    expect((await send()).kind).toBe('accepted');
    await fake!.stop();
    const wrong = await given({ auth: theirs }, { auth: { ...ours, secret: 'wrong' } });
    expect(await wrong.send()).toEqual({ kind: 'retry', code: 'account', scope: 'channel' });
  });

  it('calls one number only, however the bank has written it: some gateways take a list', async () => {
    const { fake, send } = await given();
    await send('Did you pay?', '+1 (555) 01-11');
    await send('Did you pay?', '0888 123 456');
    const to = fake.received().map(({ body }) => (JSON.parse(body) as { to: string }).to);
    expect(to).toEqual(['+15550111', '0888123456']);
  });

  it('can send a form', async () => {
    const form = 'to={{to|url}}&from={{from|url}}&text={{text|url}}&reference={{key|url}}';
    const { fake, send } = await given(
      { takes: 'form' },
      { contentType: 'application/x-www-form-urlencoded', body: undefined, form },
    );
    expect((await send('a&b=c +d é')).kind).toBe('accepted');
    expect(fake.visible('+15550111')[0]!.text).toBe('a&b=c +d é');
  });

  it('reads errors by its map, and by the usual meaning where the map is silent', async () => {
    const { fake, send } = await given();
    const outcomeOn = async (fault: Fault): Promise<Outcome> => {
      fake.clearScript();
      fake.script({ fault });
      return send();
    };
    expect(await outcomeOn({ kind: 'error', code: 'invalid-number' })).toEqual({
      kind: 'badAddress',
      code: 'invalid-number',
    });
    expect(await outcomeOn({ kind: 'error', code: 'blocked' })).toEqual({ kind: 'ineligible', code: 'blocked' });
    expect(await outcomeOn({ kind: 'error', code: 'no-credit' })).toEqual({
      kind: 'retry',
      code: 'account',
      scope: 'channel',
    });
    expect(await outcomeOn({ kind: 'answer', status: 503, body: 'maintenance' })).toEqual({
      kind: 'retry',
      code: 'maintenance',
      scope: 'message',
    });
    expect(await outcomeOn({ kind: 'rate-limited' })).toEqual({
      kind: 'retry',
      code: 'gateway-http-429',
      scope: 'message',
    });
    expect(await outcomeOn({ kind: 'answer', status: 403, body: '' })).toEqual({
      kind: 'permanent',
      code: 'gateway-http-403',
    });
    expect(await outcomeOn({ kind: 'answer', status: 500, body: '', accept: true })).toEqual({
      kind: 'unknown',
      code: 'gateway-http-500',
    });
    expect(await outcomeOn({ kind: 'answer', status: 200, body: { result: { status: 'queued' } } })).toEqual({
      kind: 'unknown',
      code: 'gateway-not-success',
    });
    // A redirect is not followed: it would hand the text to somebody else.
    expect(await outcomeOn({ kind: 'answer', status: 307, headers: { location: `${fake.url}/send` } })).toEqual({
      kind: 'retry',
      code: 'gateway-http-307',
      scope: 'channel',
    });
  });

  it('names the gateway for the ledger', async () => {
    const { options, fake } = await given();
    expect(sms.provider(options)).toEqual({ name: `127.0.0.1:${fake.port}`, account: 'bank-1' });
  });

  describe('webhooks', () => {
    const verify = (options: SmsOptions, call: Awaited<ReturnType<typeof webhookCall>>): WebhookAnswer =>
      sms.webhook!(options, call);

    it('are translated by their maps', async () => {
      const { fake, options, send } = await given();
      await send();
      expect(verify(options, await webhookCall((url) => fake.report(url, 'g-1', 'delivered')))).toMatchObject({
        events: [
          { kind: 'receipt', id: 'g-1:delivered', ref: 'g-1', key: 'k-1', address: '+15550111', state: 'delivered' },
        ],
        body: 'OK',
      });
      expect(verify(options, await webhookCall((url) => fake.report(url, 'g-1', 'unheard-of')))).toMatchObject({
        events: [],
      });
      expect(verify(options, await webhookCall((url) => fake.text(url, '+15550111', 'NO')))).toMatchObject({
        events: [{ kind: 'message', id: 'in-2', address: '+15550111', text: 'NO', opensWindow: false }],
      });
    });

    it('without a signature can be known by a secret in their address', () => {
      const kannel = {
        verification: { kind: 'secret', parameter: 's', secrets: ['0123456789abcdef'] },
        receipts: { state: '/d', states: [{ value: '1', state: 'delivered' }], to: '/p', key: '/id', at: '/T' },
        inbound: undefined,
      };
      const options = plainToInstance(SmsOptions, description(1, kannel));
      const get = (query: Record<string, string>) =>
        verify(options, {
          method: 'GET',
          url: 'https://bank.example/webhooks/sms',
          headers: {},
          query,
          rawBody: new Uint8Array(),
        });
      const query = { s: '0123456789abcdef', d: '1', p: '+15550111', id: 'k-1', T: '1790000000' };
      expect(get(query)).toMatchObject({
        events: [{ id: 'k-1:1', key: 'k-1', state: 'delivered', address: '+15550111', at: 1_790_000_000_000 }],
      });
      expect(get({ ...query, s: '0123456789abcdeg' })).toEqual({ kind: 'refused', status: 401 });
      expect(get({ ...query, s: '' })).toEqual({ kind: 'refused', status: 401 });
    });

    it('are not taken where nothing verifies them', () => {
      const options = plainToInstance(
        SmsOptions,
        description(1, { verification: undefined, receipts: undefined, inbound: undefined }),
      );
      expect(
        verify(options, {
          method: 'POST',
          url: 'https://x.example/',
          headers: {},
          query: {},
          rawBody: new Uint8Array(),
        }),
      ).toEqual({
        kind: 'refused',
        status: 404,
      });
    });
  });
});
