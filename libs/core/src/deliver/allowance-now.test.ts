import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allowedByPurpose } from '../alert/allowed.ts';
import { applyConsent } from '../alert/consents.ts';
import { defaultPolicy } from '../alert/policy.ts';
import { emptyConsents } from '../alert/state.ts';
import { channels } from '../alert/test/alert-partition.ts';
import { dataClasses, purposes } from '../consent.ts';
import type { Purpose } from '../consent.ts';
import type { TenantPolicy } from '../records/customer.ts';
import type { Allowance } from '../records/delivery.ts';
import { allowanceNow } from './allowance-now.ts';

const policy = defaultPolicy(channels);
const named = (...names: readonly Purpose[]): TenantPolicy => ({
  ...policy,
  legalBasis: Object.fromEntries(names.map((name) => [name, { basis: `law:${name}`, channels: ['sms'] }])),
});
const consent = { kind: 'consent', consentId: 'c-1' } as const;
const basis = { kind: 'legal-basis', basis: 'law:fraud-protection' } as const;
const existence = ['existence'] as const;

describe('what a contact allows, once the policy has changed', () => {
  const given = (allowed: Partial<Record<Purpose, Allowance>>, now: TenantPolicy, purpose: Purpose) =>
    allowanceNow({ channel: 'sms', allowed }, now, purpose);

  it('is nothing where it rested on a legal basis that is no longer named', () => {
    const allowed = { 'fraud-protection': { classes: existence, ground: basis } };
    expect(given(allowed, named('fraud-protection'), 'fraud-protection')).toEqual(allowed['fraud-protection']);
    expect(given(allowed, named('security-notice'), 'fraud-protection')).toBeUndefined();
    const elsewhere = { ...policy, legalBasis: { 'fraud-protection': { basis: 'x', channels: ['email'] } } };
    expect(given(allowed, elsewhere, 'fraud-protection')).toBeUndefined();
  });

  it('is on the basis as it is called now', () => {
    const allowed = {
      'fraud-protection': { classes: existence, ground: { kind: 'legal-basis', basis: 'old' } },
    } as const;
    expect(given(allowed, named('fraud-protection'), 'fraud-protection')?.ground).toEqual(basis);
  });

  it('stays as it was where it rests on consent, but for classes that do not', () => {
    const classes = ['existence', 'amount', 'merchant'] as const;
    const whole = { 'fraud-protection': { classes, ground: consent } };
    expect(given(whole, named(), 'fraud-protection')).toEqual(whole['fraud-protection']);
    const partly = { 'fraud-protection': { classes, ground: consent, byBasis: ['amount'] } } as const;
    expect(given(partly, named('fraud-protection'), 'fraud-protection')?.classes).toEqual(classes);
    expect(given(partly, named(), 'fraud-protection')).toEqual({ classes: ['existence', 'merchant'], ground: consent });
  });

  it('lends an answer from the next purpose that still carries it', () => {
    const answer = { 'service-reply': { classes: existence, ground: basis } };
    const fraud = { ...answer, 'fraud-protection': { classes: existence, ground: basis } };
    const both = { ...fraud, 'account-alert': { classes: ['existence', 'amount'], ground: consent } } as const;
    expect(given(both, named('fraud-protection'), 'service-reply')).toEqual(answer['service-reply']);
    expect(given(both, named(), 'service-reply')).toEqual({ classes: ['existence'], ground: consent });
    expect(given(fraud, named(), 'service-reply')).toBeUndefined();
    const { 'service-reply': _, ...refused } = both;
    expect(given(refused, named(), 'service-reply')).toBeUndefined();
  });

  it('is always what would be decided anew, where only legal bases were taken away', () => {
    const line = fc.record({
      channel: fc.constantFrom('sms', '*'),
      purpose: fc.constantFrom<Purpose | '*'>('fraud-protection', 'account-alert', 'service-reply', '*'),
      dataClass: fc.constantFrom('existence', 'amount', 'place', '*' as const),
      action: fc.constantFrom('grant', 'revoke'),
    });
    const some = fc.subarray(['fraud-protection', 'account-alert', 'service-reply'] as const);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), some, some, (lines, before, kept) => {
        const consents = emptyConsents();
        for (const [n, change] of lines.entries())
          applyConsent(consents, { ...change, id: `c-${n}`, acceptedAt: n, actor: 'customer', source: 'page' });
        const capabilities = { ...channels.sms, defaultClasses: dataClasses };
        const allowedBy = (now: TenantPolicy) => allowedByPurpose(consents, now, 'sms', capabilities);
        const now = named(...kept.filter((name) => before.includes(name)));
        const contact = { channel: 'sms', allowed: allowedBy(named(...before)) };
        const anew = allowedBy(now);
        for (const purpose of purposes) {
          const left = allowanceNow(contact, now, purpose);
          expect([purpose, left?.classes, left?.ground]).toEqual([
            purpose,
            anew[purpose]?.classes,
            anew[purpose]?.ground,
          ]);
        }
      }),
    );
  });
});
