import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { minutes, topicNames } from '@tocsin/core';
import { apiKeys, startGatewayWorld } from './test/gateway-world.ts';
import type { Answer, GatewayWorld } from './test/gateway-world.ts';

const meta = 'https://www.facebook.com/messenger_platform/account_linking/?account_linking_token=ABC';

let world: GatewayWorld;
let now = Date.UTC(2026, 0, 1);
beforeAll(async () => {
  world = await startGatewayWorld({ now: () => now, returnOrigins: ['http://127.0.0.1:9999'] });
});
afterAll(() => world.close());

const link = async (customerId: string): Promise<{ url: string; token: string; path: string; expiresAt: number }> => {
  const { json } = await world.call('POST', `/v1/customers/${customerId}/links`, {
    body: { purpose: 'messenger-link' },
  });
  return { ...json, path: new URL(json.url).pathname };
};
const agree = (path: string, form: Record<string, string> = {}): Promise<Answer> =>
  world.send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
const consentsOf = async (customerId: string) =>
  (await world.records(topicNames.customerEvents)).filter((record) => record.customerId === customerId);

describe('a customer’s link', () => {
  it('is made for ten minutes, under the public address, and written down', async () => {
    const { url, token, expiresAt } = await link('cus-made');
    expect(url).toBe(`${world.url}/c/${token}`);
    expect(token).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(expiresAt).toBe(now + minutes(10));
    const rows = await world.records(topicNames.audit);
    expect(rows).toContainEqual(
      expect.objectContaining({ action: 'link messenger-link', actor: 'key:alpha', result: 'done' }),
    );
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  it('records what the customer read and agreed to, and leads to the Page with a code', async () => {
    const { path } = await link('cus-agrees');
    const { status, headers } = await agree(path, { amount: 'on', time: 'on', balance: 'on' });
    expect(status).toBe(302);
    expect(headers.get('location')).toMatch(/^https:\/\/m\.me\/555\?ref=[A-Za-z0-9_-]{22}$/);
    const [consent, ...more] = await consentsOf('cus-agrees');
    expect(more).toEqual([]);
    expect(consent).toMatchObject({ type: 'consent', tenantId: 'alpha', acceptedAt: now });
    // What is not offered cannot be agreed to.
    const cells = (consent?.changes ?? []).map(({ purpose, dataClass }) => `${purpose}/${dataClass}`);
    expect(cells).toEqual(
      ['fraud-protection', 'security-notice', 'account-alert', 'service-reply'].flatMap((purpose) =>
        ['existence', 'amount', 'time'].map((dataClass) => `${purpose}/${dataClass}`),
      ),
    );
    for (const change of consent?.changes ?? []) {
      expect(change).toMatchObject({
        channel: 'messenger',
        action: 'grant',
        actor: 'customer',
        source: 'page',
        textVersion: 'messenger-1',
        language: 'en',
        acceptedAt: now,
      });
    }
  });

  it('is not made for a bank without a Page: its customers are not led to another bank’s', async () => {
    const body = { purpose: 'messenger-link' };
    const { status, json } = await world.call('POST', '/v1/customers/cus-beta/links', { key: apiKeys.beta, body });
    expect({ status, message: json.message }).toEqual({ status: 404, message: 'Messenger is not set up here.' });
    // Nor is one obeyed that was made before the Page was another bank's.
    const bound = { tenantId: 'beta', customerId: 'cus-beta', purpose: 'messenger-link', expiresAt: now + 60_000 };
    await world.platform.shortTerm.put(`link:${'b'.repeat(22)}`, JSON.stringify(bound), 60_000);
    expect((await world.send(`/c/${'b'.repeat(22)}`, { method: 'GET' })).status).toBe(404);
    for (const form of [{}, { redirect_uri: meta }]) {
      expect((await agree(`/c/${'b'.repeat(22)}`, form)).status).toBe(404);
    }
    expect(await consentsOf('cus-beta')).toEqual([]);
  });

  it('works once: of two at the same time one wins', async () => {
    const { path } = await link('cus-twice');
    const answers = await Promise.all([agree(path), agree(path)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([302, 410]);
    expect((await agree(path)).status).toBe(410);
    expect(await consentsOf('cus-twice')).toHaveLength(1);
  });

  it('is not used up by looking at it', async () => {
    const { path } = await link('cus-looks');
    expect((await world.send(path, { method: 'GET' })).status).toBe(200);
    expect((await world.send(path, { method: 'HEAD' })).status).toBe(200);
    expect((await world.send(path, { method: 'GET' })).status).toBe(200);
    expect((await agree(path)).status).toBe(302);
    const used = await world.send(path, { method: 'GET' });
    expect({ status: used.status, type: used.headers.get('content-type') }).toEqual({
      status: 410,
      type: 'text/html; charset=utf-8',
    });
  });

  it('has expired after ten minutes', async () => {
    const { path } = await link('cus-late');
    now += minutes(10);
    expect((await world.send(path, { method: 'GET' })).status).toBe(410);
    expect((await agree(path)).status).toBe(410);
    expect(await consentsOf('cus-late')).toEqual([]);
  });

  it('is good for its purpose alone: the code for Messenger opens no page', async () => {
    const { path } = await link('cus-purpose');
    const code = new URL((await agree(path)).headers.get('location') ?? '').searchParams.get('ref');
    expect((await world.send(`/c/${code}`, { method: 'GET' })).status).toBe(410);
    expect((await agree(`/c/${code}`)).status).toBe(410);
  });

  it('cannot be made up', async () => {
    for (const token of ['x', 'A'.repeat(22), '..%2F..', 'link:x']) {
      expect((await world.send(`/c/${token}`, { method: 'GET' })).status).toBe(410);
      expect((await agree(`/c/${token}`)).status).toBe(410);
    }
  });

  it('returns to Meta with a code of ours', async () => {
    const { path } = await link('cus-meta');
    const shown = await world.send(`${path}?redirect_uri=${encodeURIComponent(meta)}`, { method: 'GET' });
    expect(shown.text).toContain('name="redirect_uri" value="https://www.facebook.com/messenger_platform/');
    const location = new URL((await agree(path, { redirect_uri: meta })).headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe('https://www.facebook.com/messenger_platform/account_linking/');
    expect(location.searchParams.get('account_linking_token')).toBe('ABC');
    expect(location.searchParams.get('authorization_code')).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it.each([
    'https://evil.example/',
    'https://facebook.com.evil.example/',
    'https://evilfacebook.com/',
    'https://facebook.com@evil.example/',
    'https://user:pass@facebook.com/',
    'http://facebook.com/',
    'https://facebook.com:8443/',
    'javascript:alert(1)//facebook.com',
    '//evil.example',
    'x',
  ])('never returns to %s, and is not used up by the attempt', async (elsewhere) => {
    const { path } = await link('cus-elsewhere');
    const query = `?redirect_uri=${encodeURIComponent(elsewhere)}`;
    expect((await world.send(path + query, { method: 'GET' })).status).toBe(400);
    expect((await agree(path, { redirect_uri: elsewhere })).status).toBe(400);
    expect((await agree(path, { redirect_uri: 'https://messenger.com/x' })).status).toBe(302);
  });

  it('returns to an origin that was configured', async () => {
    const { path } = await link('cus-origin');
    expect((await agree(path, { redirect_uri: 'http://127.0.0.1:9999/back?a=b' })).headers.get('location')).toMatch(
      /^http:\/\/127\.0\.0\.1:9999\/back\?a=b&authorization_code=/,
    );
  });

  it('shows a page that runs nothing, loads nothing and shows what was sent as text', async () => {
    const { path } = await link('cus-page');
    const nasty = 'https://www.facebook.com/?x="><script>alert(1)</script>';
    const { text, headers } = await world.send(`${path}?redirect_uri=${encodeURIComponent(nasty)}`, { method: 'GET' });
    expect(text).not.toContain('<script');
    expect(text).toContain('Meta, the company behind Messenger');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' https:\/\/\*\.facebook\.com .*; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });

  it('takes a form alone', async () => {
    const { path } = await link('cus-form');
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"__proto__":1}' };
    expect((await world.send(path, json)).status).toBe(400);
    expect((await world.send(path, { ...json, headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    // An empty form agrees to what cannot be left out.
    expect((await world.send(path, { method: 'POST' })).status).toBe(302);
  });
});
