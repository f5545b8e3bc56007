import { describe, expect, it } from '@jest/globals';
import type { TenantPolicy } from '../records/customer.ts';
import type { ChannelTable } from './policy.ts';
import { maxPolicyCharacters, problemsOfPolicy } from './policy-problems.ts';

const channels = { sms: { thirdParty: false }, messenger: { thirdParty: true } } as unknown as ChannelTable;

const good: TenantPolicy = {
  id: 'p',
  version: 1,
  bankName: 'My Bank',
  defaultLanguage: 'en',
  defaultTimeZone: 'UTC',
  channels: { sms: { allowed: true, maxClasses: ['existence', 'amount'] }, messenger: { allowed: false } },
  legalBasis: { 'fraud-protection': { basis: 'legitimate-interest', channels: ['sms'] } },
  alertScore: 0.6,
};

const problems = (changes: Readonly<Record<string, unknown>>): readonly string[] =>
  problemsOfPolicy({ ...good, ...changes }, channels);

describe('a policy', () => {
  it('that is whole can be activated', () => expect(problems({})).toEqual([]));

  it('can forbid a channel of another tenant, not allow it', () => {
    const own = { ...good, channels: { sms: { allowed: true }, messenger: { allowed: false } } };
    expect(problemsOfPolicy(own, channels, ['messenger'])).toEqual([]);
    expect(problemsOfPolicy(own, channels, ['sms'])).toEqual([
      'channels.sms cannot be allowed: its provider account belongs to another tenant.',
    ]);
  });

  it.each([
    [{ surprise: 1 }, 'surprise is not a part of a policy.'],
    [{ bankName: 'A very long name of a bank' }, 'bankName must be 1 to 12 characters.'],
    [{ defaultTimeZone: 'Europe/Sofja' }, 'defaultTimeZone must be an IANA zone, such as Europe/Sofia.'],
    [{ defaultTimeZone: 7 }, 'defaultTimeZone must be an IANA zone, such as Europe/Sofia.'],
    [{ alertScore: 2 }, 'alertScore must be above 0 and at most 1.'],
    [{ answerWithinMs: 5 }, 'answerWithinMs must be at least 1000.'],
    [{ channels: { fax: { allowed: true } } }, 'channels.fax: there is no such channel.'],
    [{ channels: { sms: { allowed: 'yes' } } }, 'channels.sms.allowed must be true or false.'],
    [
      { legalBasis: { advertising: { basis: 'x', channels: [] } } },
      'legalBasis.advertising: there is no such purpose.',
    ],
    [
      { legalBasis: { 'fraud-protection': { basis: 'x', channels: ['messenger'] } } },
      'legalBasis.fraud-protection: messenger is a third party, and needs consent.',
    ],
    [{ legalBasis: { 'fraud-protection': {} } }, 'legalBasis.fraud-protection must have a basis and channels.'],
    [{ id: 'x'.repeat(maxPolicyCharacters) }, `A policy may have ${maxPolicyCharacters} characters.`],
  ])('with %j cannot', (changes, problem) => expect(problems(changes)).toContain(problem));

  it('without channels or legal bases cannot', () => {
    expect(problems({ channels: undefined, legalBasis: undefined })).toEqual([
      'channels must name at least one channel.',
      'legalBasis must be a set of purposes, or empty.',
    ]);
  });
});
