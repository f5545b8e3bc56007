import { afterEach, describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import type { ChannelEvent, Outcome, WebhookAnswer } from '@tocsin/core';
import { startFakeTwilio } from '@tocsin/simulator';
import type { FakeTwilio, FakeTwilioOptions, Fault } from '@tocsin/simulator';
import { channelCases, counterpartRetryAfterSeconds } from '@tocsin/suites';
import type { ChannelUnderTest } from '@tocsin/suites';
import { plainRequest } from '../plain-request.ts';
import { webhookCall } from '../webhook-call.testing.ts';
import { sms, SmsOptions } from './sms.ts';
import { twilioErrors } from './twilio-errors.ts';

const accountSid = `AC${'0'.repeat(32)}`;
const account = { accountSid, authToken: 'token-of-the-account' };
const callback = 'https://bank.example/webhooks/sms';
const plainOptions = (port: number, more: object = {}) => ({
  provider: 'twilio',
  twilio: {
    baseUrl: `http://127.0.0.1:${port}`,
    accountSid,
    password: account.authToken,
    authTokens: [account.authToken],
    from: '+15550100',
    statusCallbackUrl: callback,
    ...more,
  },
});

async function underTest(): Promise<ChannelUnderTest> {
  const fake = await startFakeTwilio(account);
  const inbound = (how: object) =>
    webhookCall((url) => fake.text(`${url}?a=1`, '+15550111', '+15550100', 'NO, not me é', how));
  const faults: Record<string, Fault> = {
    throttle: { kind: 'rate-limited', retryAfterSeconds: counterpartRetryAfterSeconds },
    'drop-after-body': { kind: 'drop-after-body' },
    'never-answer': { kind: 'never-answer' },
  };
  return {
    channel: sms,
    options: (port = fake.port) => plainOptions(port),
    badOptions: [
      { options: plainOptions(1, { accountSid: 'AC1' }), path: 'twilio.accountSid' },
      { options: plainOptions(1, { from: undefined }), path: 'twilio.from' },
      {
        options: plainOptions(1, { statusCallbackUrl: 'https://my_bank.example/x' }),
        path: 'twilio.statusCallbackUrl',
      },
      { options: plainOptions(1, { validitySeconds: 0 }), path: 'twilio.validitySeconds' },
      { options: { provider: 'twilio' }, path: 'twilio' },
      { options: { ...plainOptions(1), provider: 'pigeon' }, path: 'provider' },
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
      genuine: [
        await inbound({}),
        await inbound({
          extra: [
            ['NewField', 'b'],
            ['NewField', 'a'],
            ['NewField', 'b'],
          ],
        }),
      ],
      forged: [await inbound({ wrongSignature: true }), await inbound({ unsigned: true })],
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

describe('sms by a Twilio-compatible provider', () => {
  let fake: FakeTwilio | undefined;
  afterEach(() => fake?.stop());

  async function given(fakeOptions: Partial<FakeTwilioOptions> = {}, more: object = {}) {
    const started = await startFakeTwilio({ ...account, ...fakeOptions });
    fake = started;
    const options = plainToInstance(SmsOptions, plainOptions(started.port, more));
    const channel = sms.open(options, { fetch, request: plainRequest });
    const message = {
      text: 'Did you pay 12.50 EUR?',
      subject: '',
      language: 'en',
      replies: [],
      template: { name: 'fraud-check', parameters: {} },
    };
    return {
      fake: started,
      options,
      send: (text = message.text, address = '+15550111'): Promise<Outcome> =>
        channel.send({ address }, { ...message, text }, { key: 'k 1', now: 0, signal: new AbortController().signal }),
    };
  }

  it('hands over the text and nothing that need not be kept', async () => {
    const { fake, send } = await given();
    expect(await send()).toMatchObject({ kind: 'accepted', ref: expect.stringMatching(/^SM[0-9a-f]{32}$/) });
    expect(Object.fromEntries(new URLSearchParams(fake.received()[0]!.body))).toEqual({
      To: '+15550111',
      From: '+15550100',
      Body: 'Did you pay 12.50 EUR?',
      ValidityPeriod: '600',
      ContentRetention: 'discard',
      AddressRetention: 'obfuscate',
      StatusCallback: `${callback}?key=k+1`,
    });
  });

  it('writes the number as the API wants it, however the bank has', async () => {
    const { fake, send } = await given();
    for (const address of ['+1 (555) 01-11', '0015550111', '15550111']) await send('Did you pay?', address);
    expect(fake.received().map(({ body }) => new URLSearchParams(body).get('To'))).toEqual(
      Array.from({ length: 3 }, () => '+15550111'),
    );
  });

  it('can sign in with an API key and send through a messaging service', async () => {
    const apiKey = { sid: `SK${'1'.repeat(32)}`, secret: 's' };
    const { fake, send } = await given(
      { apiKey },
      {
        apiKeySid: apiKey.sid,
        password: 's',
        messagingServiceSid: `MG${'2'.repeat(32)}`,
        statusCallbackUrl: undefined,
      },
    );
    expect((await send()).kind).toBe('accepted');
    const form = new URLSearchParams(fake.received()[0]!.body);
    expect([form.get('From'), form.get('MessagingServiceSid'), form.get('StatusCallback')]).toEqual([
      null,
      `MG${'2'.repeat(32)}`,
      null,
    ]);
  });

  it.each(
    twilioErrors.flatMap(({ codes, becomes, scope, reason }) =>
      codes.map((code) => ({ code, becomes, scope, reason })),
    ),
  )('$code becomes $becomes', async ({ code, becomes, scope, reason }) => {
    const { fake, send } = await given();
    fake.script({ fault: { kind: 'error', code } });
    const expected = {
      kind: becomes,
      code: reason ?? `twilio-${code}`,
      ...(becomes === 'retry' ? { scope: scope ?? 'message' } : {}),
    };
    expect(await send()).toEqual(expected);
    // A listed error decides, whatever the status says.
    fake.clearScript();
    fake.script({ fault: { kind: 'error', code, status: 503 } });
    expect(await send()).toEqual(expected);
  });

  it('knows nothing of any other 5xx, and gives up on any other 4xx', async () => {
    const { fake, send } = await given();
    fake.script({ times: 1, fault: { kind: 'answer', status: 500, body: { code: 20500 }, accept: true } });
    fake.script({ times: 1, fault: { kind: 'answer', status: 503, body: 'busy' } });
    fake.script({ times: 1, fault: { kind: 'error', code: '21619' } });
    fake.script({ times: 1, fault: { kind: 'answer', status: 201, body: 'odd' } });
    expect([await send(), await send(), await send(), await send()]).toEqual([
      { kind: 'unknown', code: 'twilio-20500' },
      { kind: 'unknown', code: 'twilio-http-503' },
      { kind: 'permanent', code: 'twilio-21619' },
      { kind: 'unknown', code: 'answer-unreadable' },
    ]);
    expect(await send('x'.repeat(1_601))).toEqual({ kind: 'permanent', code: 'text-too-long', nothingLeft: true });
    expect(fake.received()).toHaveLength(4);
  });

  it('is refused for a number that is none, for a wrong password, and after STOP until START', async () => {
    const { fake, send } = await given();
    expect(await send('x', 'not a number')).toEqual({ kind: 'badAddress', code: 'twilio-21211' });
    await webhookCall((url) => fake.text(url, '+15550111', '+15550100', 'Stop'));
    expect(await send()).toEqual({ kind: 'ineligible', code: 'opted-out' });
    expect((await send('x', '+15550112')).kind).toBe('accepted');
    await webhookCall((url) => fake.text(url, '+15550111', '+15550100', 'START'));
    expect((await send()).kind).toBe('accepted');
    await fake.stop();
    const wrong = await given({}, { password: 'wrong' });
    expect(await wrong.send()).toEqual({ kind: 'retry', code: 'twilio-20003', scope: 'channel' });
  });

  describe('webhooks', () => {
    const verify = (options: SmsOptions, call: Awaited<ReturnType<typeof webhookCall>>): WebhookAnswer =>
      sms.webhook!(options, call);
    const only = (answer: WebhookAnswer): ChannelEvent | undefined =>
      answer.kind === 'events' ? answer.events[0] : undefined;

    it('report states under the key of the message', async () => {
      const { fake, options } = await given();
      // The message names the address of a server that listens here, so that the fake can call it.
      const reported = async (status: string, how: { errorCode?: string; extra?: [string, string][] } = {}) => {
        const call = await webhookCall(async (url) => {
          const channel = sms.open(plainToInstance(SmsOptions, plainOptions(fake.port, { statusCallbackUrl: url })), {
            fetch,
          });
          const sent = await channel.send(
            { address: '+15550111' },
            { text: 'x', subject: '', language: 'en', replies: [], template: { name: 'x', parameters: {} } },
            { key: 'k-1', now: 0, signal: new AbortController().signal },
          );
          await fake.report(sent.kind === 'accepted' ? sent.ref : '', status, how);
        });
        return verify(options, call);
      };
      expect(await reported('queued')).toEqual({
        kind: 'events',
        events: [],
        body: '<Response/>',
        contentType: 'text/xml',
      });
      expect(only(await reported('delivered', { extra: [['RawDlrDoneDate', '2611221005']] }))).toEqual({
        kind: 'receipt',
        id: expect.stringMatching(/^SM[0-9a-f]{32}:delivered$/),
        address: '+15550111',
        ref: expect.stringMatching(/^SM/),
        key: 'k-1',
        state: 'delivered',
        at: Date.UTC(2026, 10, 22, 10, 5),
      });
      expect(only(await reported('undelivered', { errorCode: '30003' }))).toMatchObject({
        state: 'failed',
        code: 'twilio-30003',
        at: 1_790_000_000_000,
      });
    });

    it('hand over what a customer wrote, and say which word was already answered', async () => {
      const { fake, options } = await given();
      const wrote = async (body: string) =>
        only(verify(options, await webhookCall((url) => fake.text(url, '+15550111', '+15550100', body))));
      expect(await wrote('NO & no+1 é')).toEqual({
        kind: 'message',
        id: expect.stringMatching(/^SM/),
        address: '+15550111',
        text: 'NO & no+1 é',
        at: 1_790_000_000_000,
        opensWindow: false,
      });
      expect(await wrote('STOP')).toMatchObject({ text: 'STOP', providerHandled: 'stop' });
      expect(await wrote('help')).toMatchObject({ providerHandled: 'help' });
    });

    it('are believed under any of the four spellings of their address, and under no other', async () => {
      const { fake, options } = await given();
      const publicUrl = "https://bank.example/webhooks/sms?key=a%20b'c";
      const under = async (signedUrl: string) =>
        verify(
          options,
          await webhookCall(
            (url) => fake.text(url, '+15550111', '+15550100', 'NO', { signedUrl }),
            () => publicUrl,
          ),
        ).kind;
      expect(await under(new URL(publicUrl).href)).toBe('events');
      expect(await under('https://bank.example:443/webhooks/sms?key=a%20b%27c')).toBe('events');
      expect(await under("https://bank.example/webhooks/sms?key=a%20b'c")).toBe('events');
      expect(await under("https://bank.example:443/webhooks/sms?key=a%20b'c")).toBe('events');
      expect(await under('https://bank.example:8443/webhooks/sms?key=a%20b%27c')).toBe('refused');
      expect(await under('https://bank.example/webhooks/sms')).toBe('refused');
    });

    it('in JSON are believed by the hash in their address', async () => {
      const { fake, options } = await given();
      const call = await webhookCall((url) => fake.text(`${url}?x=1`, '+15550111', '+15550100', 'NO', { json: true }));
      expect(verify(options, call).kind).toBe('events');
      const altered = { ...call, rawBody: Buffer.from(Buffer.from(call.rawBody).toString().replace('NO', 'NI')) };
      expect(verify(options, altered)).toEqual({ kind: 'refused', status: 403 });
    });

    it('may be signed with either token while one replaces the other', async () => {
      const { fake } = await given();
      const call = await webhookCall((url) => fake.text(url, '+15550111', '+15550100', 'NO'));
      const withTokens = (authTokens: string[]) => plainToInstance(SmsOptions, plainOptions(1, { authTokens }));
      expect(verify(withTokens(['new', account.authToken]), call).kind).toBe('events');
      expect(verify(withTokens(['new']), call).kind).toBe('refused');
    });
  });
});
