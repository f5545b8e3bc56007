import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { AlertHistory, FindingRecord, LedgerRow } from '@tocsin/core';
import { startFakeTwilio } from '@tocsin/simulator';
import type { FakeTwilio } from '@tocsin/simulator';
import { waitUntil } from '@tocsin/testing';
import { apiKeys, authToken, startGatewayWorld } from './test/gateway-world.ts';
import type { GatewayWorld } from './test/gateway-world.ts';

const number = '+359881234567';
const from = '+35924000000';
const accountSid = `AC${'0'.repeat(32)}`;

const finding = (customerId: string, at: number): FindingRecord => ({
  type: 'finding',
  version: 1,
  id: `alpha/acc-1/t-1/${customerId}`,
  tenantId: 'alpha',
  accountId: 'acc-1',
  customerId,
  transaction: {
    id: 't-1',
    lifecycleId: 't-1',
    accountId: 'acc-1',
    occurredAt: at,
    precision: 'instant',
    amount: { minor: 12_345, currency: 'EUR' },
    direction: 'debit',
    status: 'booked',
    merchant: { name: 'Corner Coffee' },
  },
  score: 0,
  fired: [],
  conditions: [{ condition: 'purchase-over', evidence: {} }],
  shadow: [],
  notApplicable: [],
  ruleSetVersion: 0,
  receivedAt: at,
  decidedAt: at,
});

describe('what the bank may read of a customer', () => {
  let twilio: FakeTwilio;
  let world: GatewayWorld;

  beforeAll(async () => {
    twilio = await startFakeTwilio({ accountSid, authToken, from: [from] });
    world = await startGatewayWorld({
      services: ['gateway', 'alert', 'deliver'],
      settings: {
        channels: {
          sms: {
            tenant: 'alpha',
            provider: 'twilio',
            twilio: { baseUrl: twilio.url, accountSid, password: authToken, authTokens: [authToken], from },
          },
        },
      },
    });
  });
  afterAll(async () => {
    await world.close();
    await twilio.stop();
  });

  const read = (what: string, key: string = apiKeys.alpha, customerId = 'cus-1') =>
    world.call('GET', `/v1/customers/${customerId}/${what}`, { key });
  const change = (purpose: string, dataClass: string) => ({ channel: 'sms', purpose, dataClass, action: 'grant' });

  it('is what the stages have committed: profile, consents, alerts, disclosures', async () => {
    expect((await read('profile')).status).toBe(404);
    expect((await read('consents')).status).toBe(404);
    const profile = {
      language: 'en',
      timeZone: 'Europe/Sofia',
      contactPoints: { sms: { address: number, verified: true } },
      channelOrder: ['sms'],
    };
    const changes = ['existence', 'amount'].map((dataClass) => change('account-alert', dataClass));
    await world.call('PUT', '/v1/customers/cus-1/profile', { body: profile });
    await world.call('PUT', '/v1/customers/cus-1/preferences', {
      body: { grouping: { '*': { waitMs: 0, intervalMs: 0 } }, privacy: { '*': 'shown' } },
    });
    const { json: consent } = await world.call('POST', '/v1/customers/cus-1/consents', {
      body: { changes, source: 'app' },
    });
    await waitUntil('the consents to be committed', async () => (await read('consents')).status === 200);
    expect((await read('profile')).json).toMatchObject({ customerId: 'cus-1', ...profile });
    expect((await read('consents')).json).toMatchObject({
      standing: [
        {
          channel: 'sms',
          purpose: 'account-alert',
          dataClass: 'existence',
          action: 'grant',
          consentId: `${consent.id}/0`,
        },
        {
          channel: 'sms',
          purpose: 'account-alert',
          dataClass: 'amount',
          action: 'grant',
          consentId: `${consent.id}/1`,
        },
      ],
      ledger: [{ id: `${consent.id}/0`, source: 'app', actor: 'customer' }, { id: `${consent.id}/1` }],
    });

    expect((await read('alerts')).json).toEqual([]);
    expect((await read('disclosures')).json).toEqual([]);
    const key = keyOf('alpha', 'cus-1');
    const { platform } = world;
    const partition = partitionOf(key, platform.partitions[topicNames.customerEvents] ?? 0);
    const value = JSON.stringify(finding('cus-1', Date.now()));
    await platform.log.append([{ topic: topicNames.customerEvents, partition, key, value }]);

    const rows = await waitUntil('the disclosure to be committed', async () => {
      const rows = JSON.parse((await read('disclosures')).text) as readonly LedgerRow[];
      return rows.some(({ outcome }) => outcome === 'accepted') && rows;
    });
    expect(twilio.visible(number).map(({ text }) => text)).toEqual([expect.stringContaining('123.45')]);
    expect(rows).toEqual([
      expect.objectContaining({
        customerId: 'cus-1',
        disclosure: expect.objectContaining({
          channel: 'sms',
          purpose: 'account-alert',
          classes: ['existence', 'amount'],
          ground: { kind: 'consent', consentId: expect.stringContaining(consent.id) },
        }),
      }),
    ]);
    expect(JSON.stringify(rows)).not.toContain('123.45');
    const alerts = await waitUntil('the alert to be accepted', async () => {
      const alerts = JSON.parse((await read('alerts')).text) as AlertHistory['alerts'];
      return alerts[0]?.state === 'accepted' && alerts;
    });
    expect(alerts).toEqual([
      expect.objectContaining({ kind: 'purchase-over', transactionIds: ['t-1'], accountId: 'acc-1' }),
    ]);
  });

  it('is nothing of another bank’s customer of the same id', async () => {
    expect((await read('profile', apiKeys.beta)).status).toBe(404);
    expect((await read('consents', apiKeys.beta)).status).toBe(404);
    expect((await read('alerts', apiKeys.beta)).json).toEqual([]);
    expect((await read('disclosures', apiKeys.beta)).json).toEqual([]);
  });

  it('is each under a scope of its own', async () => {
    expect((await read('profile', apiKeys.alphaReads)).status).toBe(200);
    expect((await read('alerts', apiKeys.alphaReads)).status).toBe(403);
    expect((await read('disclosures', apiKeys.alphaReads)).status).toBe(403);
  });
});
