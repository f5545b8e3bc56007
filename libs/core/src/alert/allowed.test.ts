import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dataClasses, purposes } from '../consent.ts';
import type { ConsentChange, DataClass, Purpose } from '../consent.ts';
import type { TenantPolicy } from '../records/customer.ts';
import { allowed, allowedByPurpose } from './allowed.ts';
import { applyConsent } from './consents.ts';
import { defaultPolicy } from './policy.ts';
import { emptyConsents } from './state.ts';
import { channels } from './test/alert-world.ts';

type Change = readonly [ConsentChange['action'], string, Purpose | '*', DataClass | '*'];

let id = 0;
const change = ([action, channel, purpose, dataClass]: Change, acceptedAt: number): ConsentChange => ({
  id: `c-${(id += 1)}`,
  channel,
  purpose,
  dataClass,
  action,
  acceptedAt,
  actor: 'customer',
  source: 'page',
});

/** The changes, a second apart. */
const after = (...changes: readonly Change[]) => {
  const state = emptyConsents();
  changes.forEach((given, index) => applyConsent(state, change(given, index + 1)));
  return state;
};

const policy = defaultPolicy(channels);
const classesOf = (
  state: ReturnType<typeof after>,
  channel: keyof typeof channels,
  purpose: Purpose,
  given: TenantPolicy = policy,
) => allowed(state, given, channel, channels[channel], purpose)?.classes;

const plain = ['existence', 'amount', 'merchant', 'time', 'last4'];
const asSet = (classes: readonly DataClass[] | undefined) => classes && [...classes].sort();

describe('what may be told, by channel and purpose', () => {
  it.each([
    ['sms', 'fraud-protection', plain],
    ['sms', 'security-notice', plain],
    ['sms', 'account-alert', undefined],
    ['email', 'fraud-protection', ['existence', 'time']],
    ['push', 'fraud-protection', ['existence']],
    ['messenger', 'fraud-protection', undefined],
    ['messenger', 'security-notice', undefined],
    ['messenger', 'account-alert', undefined],
  ] as const)('%s for %s without any consent', (channel, purpose, classes) => {
    expect(asSet(classesOf(after(), channel, purpose))).toEqual(asSet(classes as readonly DataClass[] | undefined));
  });

  it('never rests a third-party messenger on a legal basis, whatever the policy says', () => {
    const greedy: TenantPolicy = {
      ...policy,
      legalBasis: { 'fraud-protection': { basis: 'x', channels: ['messenger', 'sms'] } },
    };
    expect(classesOf(after(), 'messenger', 'fraud-protection', greedy)).toBeUndefined();
  });

  it('takes a consent that names every channel for none of the messengers', () => {
    const state = after(['grant', '*', '*', '*']);
    expect(classesOf(state, 'messenger', 'account-alert')).toBeUndefined();
    expect(asSet(classesOf(state, 'sms', 'account-alert'))).toEqual(asSet(plain as DataClass[]));
  });

  it('gives exactly the classes that were granted', () => {
    const state = after(
      ['grant', 'messenger', 'account-alert', 'existence'],
      ['grant', 'messenger', 'account-alert', 'amount'],
    );
    expect(classesOf(state, 'messenger', 'account-alert')).toEqual(['existence', 'amount']);
    expect(classesOf(state, 'messenger', 'fraud-protection')).toBeUndefined();
  });

  it('does not use a channel on which existence itself is not allowed', () => {
    expect(
      classesOf(after(['grant', 'messenger', 'account-alert', 'amount']), 'messenger', 'account-alert'),
    ).toBeUndefined();
  });

  it('grants by * no class that must be named', () => {
    const wide: TenantPolicy = {
      ...policy,
      channels: { ...policy.channels, email: { allowed: true, maxClasses: [...dataClasses] } },
    };
    expect(asSet(classesOf(after(['grant', 'email', '*', '*']), 'email', 'account-alert', wide))).toEqual(
      asSet(plain as DataClass[]),
    );
    const named = after(['grant', 'email', '*', '*'], ['grant', 'email', 'account-alert', 'balance']);
    expect(classesOf(named, 'email', 'account-alert', wide)).toContain('balance');
  });

  it('lets the bank cut what the customer granted, and never widen it', () => {
    const narrow: TenantPolicy = { ...policy, channels: { sms: { allowed: true, maxClasses: ['existence'] } } };
    expect(classesOf(after(['grant', 'sms', '*', '*']), 'sms', 'account-alert', narrow)).toEqual(['existence']);
    expect(classesOf(after(['grant', 'email', '*', '*']), 'email', 'account-alert', narrow)).toBeUndefined();
    const wide: TenantPolicy = { ...policy, channels: { sms: { allowed: true, maxClasses: [...dataClasses] } } };
    expect(classesOf(after(), 'sms', 'account-alert', wide)).toBeUndefined();
  });

  it('needs bank and customer for balance and payee', () => {
    const granted = after(['grant', 'sms', 'account-alert', 'existence'], ['grant', 'sms', 'account-alert', 'balance']);
    expect(classesOf(granted, 'sms', 'account-alert')).toEqual(['existence']);
    const shown: TenantPolicy = {
      ...policy,
      channels: { sms: { allowed: true, maxClasses: ['existence', 'balance'] } },
    };
    expect(classesOf(granted, 'sms', 'account-alert', shown)).toEqual(['existence', 'balance']);
  });

  it('lets a revocation count against a legal basis too', () => {
    expect(classesOf(after(['revoke', 'sms', 'fraud-protection', 'amount']), 'sms', 'fraud-protection')).not.toContain(
      'amount',
    );
    expect(classesOf(after(['revoke', 'sms', '*', '*']), 'sms', 'fraud-protection')).toBeUndefined();
  });

  it('can do without any legal basis', () => {
    expect(classesOf(after(), 'sms', 'fraud-protection', { ...policy, legalBasis: {} })).toBeUndefined();
  });

  it('says on what ground', () => {
    const state = after(['grant', 'messenger', 'fraud-protection', 'existence']);
    const messenger = allowed(state, policy, 'messenger', channels.messenger, 'fraud-protection');
    expect(messenger?.ground).toEqual({ kind: 'consent', consentId: state.ledger[0]!.id });
    const sms = allowed(state, policy, 'sms', channels.sms, 'fraud-protection');
    expect(sms?.ground.kind).toBe('legal-basis');
  });

  it('answers by existence alone where anything at all may be told', () => {
    const state = after(['grant', 'messenger', 'fraud-protection', '*']);
    expect(classesOf(state, 'messenger', 'service-reply')).toEqual(['existence']);
    expect(classesOf(after(), 'messenger', 'service-reply')).toBeUndefined();
    const refused = after(
      ['grant', 'messenger', 'fraud-protection', '*'],
      ['revoke', 'messenger', 'service-reply', '*'],
    );
    expect(classesOf(refused, 'messenger', 'service-reply')).toBeUndefined();
  });

  it('knows no purpose of advertising', () => {
    const everything = allowedByPurpose(after(['grant', 'sms', '*', '*']), policy, 'sms', channels.sms);
    expect(Object.keys(everything).sort()).toEqual([...purposes].sort());
    expect(Object.keys(everything).filter((purpose) => /advert|market|promo/.test(purpose))).toEqual([]);
  });
});

const anyChange = fc.record({
  channel: fc.constantFrom('sms', 'messenger', '*'),
  purpose: fc.constantFrom<Purpose | '*'>('fraud-protection', 'account-alert', '*'),
  dataClass: fc.constantFrom<DataClass | '*'>('existence', 'amount', 'balance', '*'),
  action: fc.constantFrom<'grant' | 'revoke'>('grant', 'revoke'),
  acceptedAt: fc.integer({ min: 1, max: 30 }),
});

const matrix = (state: ReturnType<typeof emptyConsents>) =>
  (['sms', 'messenger'] as const).map((channel) =>
    Object.entries(allowedByPurpose(state, policy, channel, channels[channel])).map(([purpose, { classes }]) => [
      purpose,
      classes,
    ]),
  );

describe('the ledger', () => {
  it('ends in the same matrix whatever the order of arrival', () => {
    fc.assert(
      fc.property(
        fc.array(anyChange, { maxLength: 12 }),
        fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
        (changes, salt) => {
          const lines = changes.map((given, index) => ({
            ...given,
            id: `l-${index}`,
            actor: 'customer',
            source: 'page',
          }));
          const inOrder = emptyConsents();
          for (const line of lines) applyConsent(inOrder, line);
          const shuffled = emptyConsents();
          const sorted = lines.map((line, index) => ({ line, at: salt[index]! })).sort((a, b) => a.at - b.at);
          for (const { line } of sorted) applyConsent(shuffled, line);
          expect(matrix(shuffled)).toEqual(matrix(inOrder));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never lets a late consent by name, or a late revocation, hide behind a newer grant that is too wide for it', () => {
    const named = change(['grant', 'messenger', 'account-alert', 'existence'], 1);
    const broader = change(['grant', 'messenger', '*', 'existence'], 1);
    const revocation = change(['revoke', '*', 'account-alert', '*'], 2);
    const wide = change(['grant', '*', 'account-alert', '*'], 3);
    for (const order of [
      [named, revocation, wide],
      [named, wide, revocation],
      [revocation, named, wide],
      [revocation, wide, named],
      [wide, named, revocation],
      [wide, revocation, named],
      [broader, wide, revocation],
      [wide, revocation, broader],
    ]) {
      const state = emptyConsents();
      const results = order.map((line) => [line, applyConsent(state, line)] as const);
      expect(results.find(([line]) => line === revocation)![1]).toBe('applied');
      expect(classesOf(state, 'messenger', 'account-alert')).toBeUndefined();
      expect(classesOf(state, 'sms', 'account-alert')).toContain('existence');
    }
  });

  it('never lets a late consent undo a newer revocation', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 10 }), anyChange, (changes, revocation) => {
        const state = emptyConsents();
        applyConsent(state, {
          ...revocation,
          action: 'revoke',
          acceptedAt: 100,
          id: 'r',
          actor: 'customer',
          source: 'page',
        });
        for (const [index, given] of changes.entries()) {
          const line = { ...given, id: `l-${index}`, actor: 'customer', source: 'page' };
          applyConsent(state, line);
        }
        const covers = (channel: string, purpose: Purpose, dataClass: DataClass) =>
          (revocation.channel === '*' || revocation.channel === channel) &&
          (revocation.purpose === '*' || revocation.purpose === purpose) &&
          (revocation.dataClass === '*' || revocation.dataClass === dataClass);
        for (const channel of ['sms', 'messenger'] as const) {
          for (const purpose of ['fraud-protection', 'account-alert'] as const) {
            for (const dataClass of ['existence', 'amount', 'balance'] as const) {
              if (!covers(channel, purpose, dataClass)) continue;
              expect(classesOf(state, channel, purpose) ?? []).not.toContain(dataClass);
            }
          }
        }
      }),
    );
  });

  it('keeps every line that a decision rests on, and stays small', () => {
    const state = emptyConsents();
    const ground = change(['grant', 'messenger', 'fraud-protection', 'existence'], 1);
    applyConsent(state, ground);
    for (let n = 0; n < 1000; n += 1) applyConsent(state, change([n % 2 ? 'grant' : 'revoke', 'sms', '*', '*'], n + 2));
    expect(state.ledger).toContainEqual(ground);
    expect(state.ledger.length).toBe(200);
    expect(state.dropped).toBe(801);
    expect(JSON.stringify(state).length).toBeLessThan(60_000);
  });
});
