import { afterEach, describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import type { Outcome, RenderedMessage } from '@tocsin/core';
import { startFakeGraph } from '@tocsin/simulator';
import type { FakeGraph, FakeGraphOptions, Fault } from '@tocsin/simulator';
import { channelCases, counterpartRetryAfterSeconds } from '@tocsin/suites';
import type { ChannelUnderTest } from '@tocsin/suites';
import { plainRequest } from '../plain-request.ts';
import { messenger } from './messenger.ts';
import { messengerErrors } from './messenger-errors.ts';
import { MessengerOptions } from './messenger-options.ts';
import { webhookCall } from '../webhook-call.testing.ts';

const secrets = { pageId: '555', accessToken: 'page-token', appSecret: 'app-secret-1' };
const templates = [
  { name: 'card_check', language: 'en', parameters: ['amount', 'merchant'], buttons: ['Yes, it was me', 'No, not me'] },
  { name: 'card_check_plain', language: 'en', parameters: [] },
  { name: 'card_check_bg', language: 'bg', parameters: ['amount'], format: 'positional' as const },
];
const utilityTemplates = [
  {
    message: 'fraud-check',
    language: 'en',
    name: 'card_check',
    languageCode: 'en',
    parameters: ['amount', 'merchant'],
    buttons: 2,
  },
  { message: 'fraud-check', language: '*', name: 'card_check_plain', languageCode: 'en' },
  {
    message: 'fraud-check',
    language: 'bg',
    name: 'card_check_bg',
    languageCode: 'bg',
    parameters: ['amount'],
    format: 'positional',
  },
];
const plainOptions = (port: number, more: object = {}): object => ({
  baseUrl: `http://127.0.0.1:${port}`,
  pageId: secrets.pageId,
  accessToken: secrets.accessToken,
  appSecrets: [secrets.appSecret],
  verifyToken: 'verify-me',
  utilityTemplates,
  ...more,
});

async function underTest(): Promise<ChannelUnderTest> {
  const fake = await startFakeGraph({ ...secrets, templates, now: () => 0 });
  fake.openWindow('7001', 1);
  const genuine = [
    await webhookCall((url) => fake.deliver([fake.events.taps('7001', 'Q:9f2c:N', 'Не, не съм аз')], { url })),
    await webhookCall((url) => fake.deliver([fake.events.delivered('7001', ['m_1'])], { url })),
  ];
  const forged = [
    await webhookCall((url) => fake.deliver([fake.events.says('7001', 'hello')], { url, wrongSignature: true })),
    await webhookCall((url) => fake.deliver([fake.events.says('7001', 'hello')], { url, unsigned: true })),
  ];
  fake.openWindow('7001', 1);
  const faults: Record<string, Fault> = {
    throttle: { kind: 'rate-limited', retryAfterSeconds: counterpartRetryAfterSeconds },
    'drop-after-body': { kind: 'drop-after-body' },
    'never-answer': { kind: 'never-answer' },
  };
  return {
    channel: messenger,
    options: (port = fake.port) => plainOptions(port),
    badOptions: [
      { options: plainOptions(1, { pageId: 'my page' }), path: 'pageId' },
      { options: plainOptions(1, { appSecrets: ['a', 'b', 'c'] }), path: 'appSecrets' },
      { options: plainOptions(1, { utilityShape: 'd' }), path: 'utilityShape' },
      {
        options: plainOptions(1, { utilityTemplates: [{ message: 'x', name: 'Not Allowed', languageCode: 'en' }] }),
        path: 'utilityTemplates.0.name',
      },
    ],
    recipient: { address: '7001' },
    behave: (how) => (how === 'accept' ? fake.clearScript() : void fake.script({ fault: faults[how]! })),
    retryAfterSeconds: counterpartRetryAfterSeconds,
    requests: () => fake.received().length,
    received: () =>
      fake
        .received()
        .map(({ path, headers, body }) => `${path}\n${JSON.stringify(headers)}\n${body}`)
        .join('\n'),
    texts: () => fake.visible().map(({ text }) => text),
    webhook: { genuine, forged },
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

describe('messenger', () => {
  const now = 1_790_000_000_000;
  let fake: FakeGraph | undefined;
  afterEach(() => fake?.stop());

  const message = (more: Partial<RenderedMessage> = {}): RenderedMessage => ({
    text: 'Did you pay 12.50 EUR at Cafe?',
    subject: '',
    language: 'en',
    replies: [
      { title: 'Yes, it was me', payload: 'Q:9f2c:Y' },
      { title: 'No, not me', payload: 'Q:9f2c:N' },
    ],
    template: { name: 'fraud-check', parameters: { amount: '12.50 EUR', merchant: 'Cafe' } },
    ...more,
  });

  async function given(fakeOptions: Partial<FakeGraphOptions> = {}, options: object = {}) {
    const started = await startFakeGraph({ ...secrets, templates, now: () => now, ...fakeOptions });
    fake = started;
    const channel = messenger.open(plainToInstance(MessengerOptions, plainOptions(started.port, options)), {
      fetch,
      request: plainRequest,
    });
    const signal = new AbortController().signal;
    return {
      fake: started,
      send: (windowExpiresAt: number | undefined, sent = message(), address = '7001'): Promise<Outcome> =>
        channel.send({ address, ...(windowExpiresAt === undefined ? {} : { windowExpiresAt }) }, sent, {
          key: 'k-1',
          now,
          signal,
        }),
    };
  }
  const bodies = (of: FakeGraph): unknown[] => of.received().map(({ body }) => JSON.parse(body) as unknown);

  it('answers freely inside the window, with quick replies', async () => {
    const { fake, send } = await given();
    fake.openWindow('7001');
    expect(await send(now + 120_000)).toEqual({ kind: 'accepted', ref: 'm_00000001' });
    expect(fake.visible('7001')).toEqual([
      {
        id: 'm_00000001',
        to: '7001',
        text: 'Did you pay 12.50 EUR at Cafe?',
        key: 'k-1',
        buttons: ['Yes, it was me', 'No, not me'],
      },
    ]);
    expect(bodies(fake)).toEqual([expect.objectContaining({ messaging_type: 'RESPONSE' })]);
  });

  it.each(['a', 'b', 'c'] as const)(
    'sends an approved template outside the window, in shape %s and no other',
    async (utilityShape) => {
      const { fake, send } = await given({ utilityShape }, { utilityShape });
      expect((await send(undefined)).kind).toBe('accepted');
      expect(fake.visible('7001')[0]).toMatchObject({
        text: 'card_check | 12.50 EUR | Cafe',
        ...(utilityShape === 'b' ? {} : { key: 'k-1' }),
      });
      await fake.stop();
      const other = utilityShape === 'a' ? 'c' : 'a';
      const strict = await given({ utilityShape: other }, { utilityShape });
      expect(await strict.send(undefined)).toEqual({ kind: 'permanent', code: 'graph-100' });
    },
  );

  it('treats the last minute of the window as closed', async () => {
    const { fake, send } = await given();
    await send(now + 60_000);
    expect(bodies(fake)).toEqual([expect.objectContaining({ messaging_type: 'UTILITY' })]);
  });

  it('chooses the template that the allowed values can fill, in the language of the customer', async () => {
    const { fake, send } = await given();
    await send(undefined, message({ template: { name: 'fraud-check', parameters: {} } }));
    await send(undefined, message({ language: 'bg-BG' }));
    expect(fake.visible('7001').map(({ text }) => text)).toEqual(['card_check_plain', 'card_check_bg | 12.50 EUR']);
  });

  it('calls nobody outside the window when no template fits', async () => {
    const { fake, send } = await given({}, { utilityTemplates: [] });
    expect(await send(undefined)).toEqual({ kind: 'ineligible', code: 'window-closed', nothingLeft: true });
    expect(await send(now + 60_000)).toEqual({ kind: 'ineligible', code: 'window-closed', nothingLeft: true });
    expect(fake.received()).toEqual([]);
  });

  it('falls to the template once when Meta says that the window is closed', async () => {
    const { fake, send } = await given();
    expect((await send(now + 120_000)).kind).toBe('accepted');
    expect(bodies(fake)).toEqual([
      expect.objectContaining({ messaging_type: 'RESPONSE' }),
      expect.objectContaining({ messaging_type: 'UTILITY' }),
    ]);
    expect(fake.visible('7001')).toHaveLength(1);
    fake.forget();
    fake.script({ fault: { kind: 'error', code: '10/2018278' } });
    expect(await send(now + 120_000)).toEqual({ kind: 'ineligible', code: 'window-closed' });
    expect(fake.received()).toHaveLength(2);
  });

  it('never sends a tag of the dead ones, whatever happens', async () => {
    const { fake, send } = await given();
    await send(undefined);
    await send(now + 120_000);
    expect(
      fake
        .received()
        .map(({ body }) => body)
        .join(),
    ).not.toMatch(/MESSAGE_TAG|ACCOUNT_UPDATE|CONFIRMED_EVENT|POST_PURCHASE/);
  });

  describe('errors', () => {
    const cases = messengerErrors.flatMap(({ codes, becomes, scope, reason, afterMs }) =>
      codes
        .filter((code) => !/^2\d\d$/.test(code) || ['200', '299'].includes(code))
        .map((code) => ({ code: code.replace('*/', '100/'), becomes, scope, reason, afterMs })),
    );
    it.each(cases)('$code becomes $becomes', async ({ code, becomes, scope, reason, afterMs }) => {
      const { fake, send } = await given({}, { utilityTemplates: [] });
      fake.script({ fault: { kind: 'error', code } });
      expect(await send(now + 120_000)).toEqual({
        kind: becomes,
        code: reason ?? `graph-${code}`,
        ...(becomes === 'retry' ? { scope: scope ?? 'message' } : {}),
        ...(afterMs === undefined ? {} : { afterMs }),
      });
      expect(fake.received()).toHaveLength(1);
    });

    it('follows the table although the status is a 5xx, and knows nothing of any other 5xx', async () => {
      const { fake, send } = await given();
      fake.script({ times: 1, fault: { kind: 'error', code: '2', status: 500 } });
      fake.script({ times: 1, fault: { kind: 'error', code: '987654', status: 503 } });
      fake.script({ times: 1, fault: { kind: 'answer', status: 502, body: '<html>' } });
      fake.script({ times: 1, fault: { kind: 'answer', status: 500, accept: true } });
      fake.script({ times: 1, fault: { kind: 'drop-before-body' } });
      const kinds: string[] = [];
      for (let i = 0; i < 5; i++) kinds.push((await send(undefined)).kind);
      // The drop needs no body, so it comes first.
      expect(kinds).toEqual(['unknown', 'retry', 'unknown', 'unknown', 'unknown']);
      expect(fake.visible('7001')).toHaveLength(1);
    });

    it('waits as long as the usage header says', async () => {
      const { fake, send } = await given();
      const usage = JSON.stringify({ '555': [{ type: 'messenger', estimated_time_to_regain_access: 19 }] });
      const body = { error: { message: '(#613)', code: 613 } };
      fake.script({ fault: { kind: 'answer', status: 400, headers: { 'x-business-use-case-usage': usage }, body } });
      expect(await send(undefined)).toEqual({
        kind: 'retry',
        code: 'graph-613',
        scope: 'message',
        afterMs: 19 * 60_000,
      });
    });

    it('does not claim acceptance without a message id', async () => {
      const { fake, send } = await given();
      fake.script({ fault: { kind: 'answer', status: 200, body: { recipient_id: '7001' } } });
      expect(await send(undefined)).toEqual({ kind: 'unknown', code: 'answer-unreadable' });
    });

    it('has its token refused', async () => {
      const { send } = await given({ accessToken: 'another' });
      expect(await send(undefined)).toEqual({ kind: 'retry', code: 'graph-190', scope: 'channel' });
    });
  });
});
