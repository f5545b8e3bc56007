import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { TenantPolicy } from '@tocsin/core';
import { parse } from 'yaml';
import type { Settings } from '../settings.ts';
import { policies, ruleSets } from './documents.ts';

const example = (name: string): object =>
  parse(readFileSync(new URL(`../../../../deploy/${name}`, import.meta.url), 'utf8')) as object;

/** What the command asks of the settings: which channels there are. */
const settings = {
  tenants: { mybank: { bankName: 'My Bank' } },
  channels: {
    messenger: { pageId: '1', accessToken: 'p', appSecrets: ['a'], verifyToken: 'v' },
    sms: {
      provider: 'twilio',
      twilio: { accountSid: `AC${'0'.repeat(32)}`, password: 't', authTokens: ['u'], from: '+35924000000' },
    },
    email: { host: 'smtp.bank.example', from: 'alerts@bank.example' },
  },
} as unknown as Settings;

describe('the example', () => {
  it('of a rule set can be activated', () => {
    const ruleSet = example('rules.example.yaml');
    expect(ruleSets().problems(ruleSet, 'mybank')).toEqual([]);
    expect(ruleSets().problems({ ...ruleSet, version: 43 }, 'mybank')).toEqual([
      'version is given out when it is activated; leave it out.',
    ]);
  });

  it('of a policy can be activated, and names every part that there is', () => {
    const policy = example('policy.example.yaml');
    expect(policies(settings).problems(policy, 'mybank')).toEqual([]);
    const parts: Record<keyof Omit<TenantPolicy, 'version'>, true> = {
      id: true,
      bankName: true,
      defaultLanguage: true,
      defaultTimeZone: true,
      channels: true,
      legalBasis: true,
      alertScore: true,
      answerWithinMs: true,
    };
    expect(Object.keys(policy).sort()).toEqual(Object.keys(parts).sort());
  });
});
