import { describe, expect, it } from '@jest/globals';
import { readSettings } from '../read-settings.ts';
import { tenantPolicies } from '../tenant-policies.ts';
import { policies } from './documents.ts';

const settings = readSettings(
  `
secret: ${'0123456789abcdef'.repeat(4)}
tenants: { one: { bankName: One }, two: { bankName: Two } }
channels:
  sms:
    tenant: one
    provider: twilio
    twilio:
      accountSid: AC${'0'.repeat(32)}
      password: secret
      authTokens: [token]
      from: '+35924000000'
  email: { tenant: two, host: mail.example, from: alerts@two.example, fromName: Two }
`,
  {},
);

describe('a policy of one of several tenants', () => {
  const { version: _, ...content } = tenantPolicies(settings)('one');

  it('is by default about its own channels', () => {
    expect(Object.keys(content.channels)).toEqual(['sms']);
    expect(content.legalBasis['fraud-protection']?.channels).toEqual(['sms', 'inbox']);
    expect(policies(settings).problems(content, 'one')).toEqual([]);
  });

  it('cannot allow a channel of another tenant', () => {
    expect(policies(settings).problems(content, 'two')).toEqual([
      'channels.sms cannot be allowed: its provider account belongs to another tenant.',
    ]);
  });

  it('reaches who sends before who decides', () => {
    const stages = policies(settings).targets.map(({ stage }) => stage);
    expect(stages).toHaveLength(5);
    expect(stages.at(-1)).toBe('alert');
  });
});
