import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames } from '@tocsin/core';
import { UnsecuredJWT, SignJWT } from 'jose';
import { apiKeys, startGatewayWorld, startIssuer } from './test/gateway-world.ts';
import type { GatewayWorld, SignOptions, TestIssuer } from './test/gateway-world.ts';

const profile = {
  language: 'en',
  timeZone: 'Europe/Sofia',
  contactPoints: { sms: { address: '+359881234567', verified: true } },
  channelOrder: ['sms'],
};
const path = '/v1/customers/cus-1/profile';

describe('who may call the bank API', () => {
  let issuer: TestIssuer;
  let away: TestIssuer;
  let world: GatewayWorld;

  beforeAll(async () => {
    issuer = await startIssuer();
    away = await startIssuer();
    await away.close();
    world = await startGatewayWorld({
      gateway: {
        issuers: [issuer, away].map(({ issuer, jwksUrl, audience }) => ({
          issuer,
          jwksUrl,
          audience,
          tenants: ['alpha'],
        })),
      },
    });
  });
  afterAll(async () => {
    await world.close();
    await issuer.close();
  });

  const withToken = (token: string, method = 'PUT', body: unknown = profile) =>
    world.call(method, path, { key: null, body, headers: { authorization: `Bearer ${token}` } });
  const claims = { sub: 'back-end', tenant: 'alpha', scope: 'customers:read customers:write' };

  it.each(['RS256', 'ES256'] as const)('takes a token signed with %s', async (algorithm) => {
    const { status, json } = await withToken(await issuer.sign(claims, { algorithm }));
    expect(status).toBe(200);
    expect(json.id).toMatch(/^jwt:back-end\//);
  });

  it('takes scopes as a list too', async () => {
    const token = await issuer.sign({ sub: 'b', tenant: 'alpha', scp: ['customers:write'] });
    expect((await withToken(token)).status).toBe(200);
  });

  it.each<[string, Record<string, unknown>, SignOptions]>([
    ['for another audience', claims, { audience: 'somebody-else' }],
    ['of another issuer', claims, { issuer: 'https://elsewhere.example' }],
    ['that has expired', claims, { expires: Math.floor(Date.now() / 1_000) - 60 }],
    ['without a tenant', { sub: 'b', scope: 'customers:write' }, {}],
    ['with a tenant that is no text', { ...claims, tenant: ['alpha'] }, {}],
    ['without a subject', { tenant: 'alpha', scope: 'customers:write' }, {}],
    ['for a tenant that its issuer does not speak for', { ...claims, tenant: 'beta' }, {}],
    ['signed with a key that was not published', claims, { stranger: true }],
    ['signed with an algorithm that is not taken', claims, { algorithm: 'RS512' }],
  ])('refuses a token %s', async (_what, given, options) => {
    expect((await withToken(await issuer.sign(given, options))).status).toBe(401);
  });

  it('refuses a token without signature, and one signed with a public text as a secret', async () => {
    const unsigned = new UnsecuredJWT(claims)
      .setIssuer(issuer.issuer)
      .setAudience(issuer.audience)
      .setExpirationTime('1h');
    expect((await withToken(unsigned.encode())).status).toBe(401);
    const confused = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'RS256' })
      .setIssuer(issuer.issuer)
      .setAudience(issuer.audience)
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode('a public key, for instance, in some encoding'));
    expect((await withToken(confused)).status).toBe(401);
    expect((await withToken('not-a-token')).status).toBe(401);
  });

  it('says that the keys are away rather than that the token is wrong', async () => {
    const { status, headers } = await withToken(await away.sign(claims));
    expect({ status, wait: headers.get('retry-after') }).toEqual({ status: 503, wait: '1' });
    expect((await world.send('/metrics', {})).text).toContain('tocsin_http_away_total{code="ISSUER_AWAY"} 1');
  });

  it('fetches an issuer’s keys once, not with every call', () => {
    expect(issuer.fetches()).toBe(1);
  });

  it('takes an API key, and no other text', async () => {
    expect((await world.call('PUT', path, { body: profile })).status).toBe(200);
    expect((await world.call('PUT', path, { key: `${apiKeys.alpha}x`, body: profile })).status).toBe(401);
    expect((await world.call('PUT', path, { key: '', body: profile })).status).toBe(401);
  });

  it('demands a credential, and says how it is sent', async () => {
    const { status, headers } = await world.call('PUT', path, { key: null, body: profile });
    expect({ status, how: headers.get('www-authenticate') }).toEqual({ status: 401, how: 'Bearer' });
  });

  it('demands the scope', async () => {
    const { status, json } = await world.call('PUT', path, { key: apiKeys.alphaReads, body: profile });
    expect({ status, json }).toEqual({
      status: 403,
      json: { statusCode: 403, message: 'The credential lacks the scope customers:write.' },
    });
  });

  it('lets a caller name its own tenant', async () => {
    const headers = { 'tocsin-tenant': 'alpha' };
    expect((await world.call('PUT', path, { body: { ...profile, tenantId: 'alpha' }, headers })).status).toBe(200);
  });

  it.each([
    ['in the header', { headers: { 'tocsin-tenant': 'beta' }, body: profile }],
    ['in the body', { headers: {}, body: { ...profile, tenantId: 'beta' } }],
    ['as something that is no text', { headers: {}, body: { ...profile, tenantId: 7 } }],
    ['that does not exist', { headers: { 'tocsin-tenant': 'gamma' }, body: profile }],
  ])('knows nothing of another tenant that is named %s, and writes it down once', async (_where, options) => {
    const before = (await world.records(topicNames.audit)).length;
    const events = (await world.records(topicNames.customerEvents)).length;
    const { status, json } = await world.call('PUT', path, options);
    expect({ status, json }).toEqual({ status: 404, json: { statusCode: 404, message: 'Not found' } });
    const rows = await world.records(topicNames.audit);
    expect(rows).toHaveLength(before + 1);
    expect(rows.filter(({ action }) => action === 'PUT /v1/customers/:customerId/profile')).toContainEqual({
      type: 'audit',
      version: 1,
      id: expect.any(String),
      at: expect.any(Number),
      tenantId: 'alpha',
      actor: 'key:alpha',
      action: 'PUT /v1/customers/:customerId/profile',
      result: 'refused',
      why: 'another tenant was named',
    });
    expect(await world.records(topicNames.customerEvents)).toHaveLength(events);
  });

  it('keeps customers of the same id apart by tenant', async () => {
    await world.call('PUT', '/v1/customers/shared/profile', { body: profile });
    await world.call('PUT', '/v1/customers/shared/profile', { key: apiKeys.beta, body: profile });
    const shared = (await world.records(topicNames.customerEvents)).filter(({ customerId }) => customerId === 'shared');
    expect(shared.map(({ tenantId }) => tenantId).sort()).toEqual(['alpha', 'beta']);
  });

  it.each(['/v1', '/v1/customers', '/v1/customers/cus-1', '/v2/anything', '/admin', '/c', '/webhooks'])(
    'knows no %s',
    async (unknown) => {
      expect((await world.call('GET', unknown)).status).toBe(404);
      expect((await world.call('POST', unknown, { body: {} })).status).toBe(404);
    },
  );
});

describe('how often one may call', () => {
  it('is limited by key, and said', async () => {
    const world = await startGatewayWorld({ gateway: { rate: { perSecond: 0.1, burst: 2 } } });
    try {
      const read = () => world.call('GET', '/v1/customers/cus-1/alerts');
      expect([(await read()).status, (await read()).status]).toEqual([200, 200]);
      const { status, headers } = await read();
      expect(status).toBe(429);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      // Another key has a share of its own.
      expect((await world.call('GET', '/v1/customers/cus-1/alerts', { key: apiKeys.beta })).status).toBe(200);
    } finally {
      await world.close();
    }
  });
});
