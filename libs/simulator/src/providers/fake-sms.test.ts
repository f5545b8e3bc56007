import { describe, expect, it } from '@jest/globals';
import { startFakeGenericSms } from './fake-generic-sms.ts';
import { startFakeTwilio } from './fake-twilio.ts';

const accountSid = `AC${'0'.repeat(32)}`;
const basic = `Basic ${Buffer.from(`${accountSid}:token`).toString('base64')}`;

describe('the fake Twilio', () => {
  const form = { To: '+15550111', From: '+15550100', Body: 'x' };
  const cases: [why: string, change: Record<string, string>, code: number | undefined][] = [
    ['in order', {}, undefined],
    [
      'in order, with everything',
      {
        StatusCallback: 'https://b.example/x',
        ValidityPeriod: '600',
        ContentRetention: 'discard',
        AddressRetention: 'obfuscate',
      },
      undefined,
    ],
    ['no number', { To: '0155' }, 21211],
    ['nobody', { To: '' }, 21604],
    ['no text', { Body: '' }, 21602],
    ['too long', { Body: 'x'.repeat(1_601) }, 21617],
    ['unknown sender', { From: '+15550199' }, 21606],
    ['callback with an underscore', { StatusCallback: 'https://my_bank.example/' }, 21609],
    ['callback without a scheme', { StatusCallback: 'b.example/x' }, 21609],
    ['validity too long', { ValidityPeriod: '36001' }, 30036],
    ['unknown retention', { ContentRetention: 'maybe' }, 20001],
    ['a parameter that nobody knows', { Customer: 'cus-1' }, 20001],
  ];

  it('checks the form', async () => {
    const fake = await startFakeTwilio({ accountSid, authToken: 'token', from: ['+15550100'] });
    const post = async (change: Record<string, string>, authorization = basic): Promise<number | undefined> => {
      const response = await fetch(`${fake.url}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams({ ...form, ...change }),
      });
      return ((await response.json()) as { code?: number }).code;
    };
    for (const [why, change, code] of cases) expect([why, await post(change)]).toEqual([why, code]);
    expect(await post({}, 'Basic eA==')).toBe(20003);
    fake.script({ fault: { kind: 'error', code: '30007' }, recipientSuffix: '9' });
    expect(await post({ To: '+15550119' })).toBe(30007);
    expect(await post({})).toBeUndefined();
    expect(fake.visible()).toHaveLength(3);
    await fake.stop();
  });
});

describe('the fake gateway', () => {
  it('checks sign-in, fields and numbers', async () => {
    const fake = await startFakeGenericSms({ auth: { kind: 'bearer', token: 't' }, webhookSecret: 'w' });
    const post = async (body: object, token = 't') => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${fake.url}/send`, { method: 'POST', headers, body: JSON.stringify(body) });
      return response.status;
    };
    const good = { to: '+15550111', text: 'x', reference: 'k' };
    expect(await post(good)).toBe(202);
    expect(await post(good, 'u')).toBe(401);
    expect(await post({ ...good, customer: 'cus-1' })).toBe(400);
    expect(await post({ ...good, to: '12' })).toBe(422);
    expect(await post({ ...good, reference: undefined })).toBe(400);
    expect(await post({ ...good, text: 7 })).toBe(400);
    expect(fake.visible()).toEqual([{ id: 'g-1', to: '+15550111', text: 'x', key: 'k', buttons: [] }]);
    await fake.stop();
  });
});
