import fc from 'fast-check';

/*
 * What happens to a bank and its customers, as data: so that a life that breaks something can be printed, shortened and
 * lived again. `pick` chooses among what is there at that moment.
 */

export type Act =
  | {
      readonly do: 'pay';
      readonly account: number;
      readonly minor: number;
      readonly shop: number;
      readonly status: string;
      readonly kind: string;
      readonly lateMs: number;
    }
  | {
      readonly do: 'burst';
      readonly account: number;
      readonly minor: number;
      readonly count: number;
      readonly declined: boolean;
    }
  | { readonly do: 'many'; readonly account: number; readonly count: number }
  | { readonly do: 'again'; readonly pick: number }
  | { readonly do: 'update'; readonly pick: number; readonly status: string }
  | { readonly do: 'contradict'; readonly pick: number; readonly minor: number }
  | { readonly do: 'reverse'; readonly pick: number }
  | { readonly do: 'garbage'; readonly topic: number; readonly what: number }
  | { readonly do: 'holders'; readonly account: number; readonly customers: readonly number[] }
  | { readonly do: 'settings'; readonly account: number; readonly country: string }
  | {
      readonly do: 'conditions';
      readonly account: number;
      readonly customer: number;
      readonly on: boolean;
      readonly minor: number;
    }
  | { readonly do: 'label'; readonly pick: number; readonly label: 'fraud' | 'genuine' }
  | { readonly do: 'account-event'; readonly account: number; readonly repeated: boolean }
  | { readonly do: 'bank-answer'; readonly pick: number; readonly accepted: boolean }
  | { readonly do: 'rule-set'; readonly mode: 'off' | 'shadow' | 'live'; readonly rule: number; readonly by: number }
  | {
      readonly do: 'policy';
      readonly sms: boolean;
      readonly messenger: boolean;
      readonly by: number;
      readonly alertScore: number;
    }
  | { readonly do: 'profile'; readonly customer: number; readonly order: number }
  | {
      readonly do: 'consent';
      readonly customer: number;
      readonly grant: boolean;
      readonly channel: number;
      readonly purpose: number;
      readonly lateMs: number;
    }
  | { readonly do: 'preferences'; readonly customer: number; readonly waitMs: number; readonly hidden: boolean }
  | { readonly do: 'link'; readonly customer: number; readonly linked: boolean }
  | {
      readonly do: 'reply';
      readonly customer: number;
      readonly channel: number;
      readonly text: number;
      readonly lateMs: number;
    }
  | {
      readonly do: 'barrier';
      readonly customer: number;
      readonly channel: number;
      readonly back: number;
      readonly deny: boolean;
    }
  | { readonly do: 'tap'; readonly pick: number; readonly yes: boolean }
  | { readonly do: 'send'; readonly outcomes: readonly number[] }
  | { readonly do: 'late-outcome'; readonly pick: number; readonly outcome: number }
  | { readonly do: 'redrive'; readonly pick: number }
  | { readonly do: 'provider-receipt'; readonly pick: number; readonly state: number }
  | { readonly do: 'wait'; readonly ms: number };

const minute = 60_000;
const hour = 60 * minute;

const account = fc.nat(2);
const customer = fc.nat(2);
const pick = fc.nat(1_000);
const minor = fc.constantFrom(50, 199, 999, 2_500, 9_900, 45_000, 120_000);
const status = fc.constantFrom('authorised', 'booked', 'booked', 'pending', 'declined');
const channel = fc.nat(1);
const of = <T extends Act['do']>(name: T, rest: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Act> =>
  fc.record({ do: fc.constant(name), ...rest }) as unknown as fc.Arbitrary<Act>;

const weighted: readonly (readonly [number, fc.Arbitrary<Act>])[] = [
  [
    12,
    of('pay', {
      account,
      minor,
      shop: fc.nat(4),
      status,
      kind: fc.constantFrom('card-present', 'card-not-present', 'atm', 'transfer', 'credit', 'dated'),
      lateMs: fc.constantFrom(0, 0, 0, 1_000, 20 * minute, 3 * hour, 30 * hour, 6 * 24 * hour, -3 * hour, -30 * hour),
    }),
  ],
  [5, of('burst', { account, minor, count: fc.integer({ min: 2, max: 5 }), declined: fc.boolean() })],
  [1, of('many', { account, count: fc.integer({ min: 10, max: 45 }) })],
  [3, of('again', { pick })],
  [3, of('update', { pick, status })],
  [2, of('contradict', { pick, minor })],
  [1, of('reverse', { pick })],
  [1, of('garbage', { topic: fc.nat(3), what: fc.nat(7) })],
  [1, of('holders', { account, customers: fc.uniqueArray(customer, { maxLength: 3 }) })],
  [1, of('settings', { account, country: fc.constantFrom('BG', 'DE') })],
  [2, of('conditions', { account, customer, on: fc.boolean(), minor })],
  [1, of('label', { pick, label: fc.constantFrom('fraud', 'genuine') })],
  [1, of('account-event', { account, repeated: fc.boolean() })],
  [2, of('bank-answer', { pick, accepted: fc.boolean() })],
  [
    2,
    of('rule-set', {
      mode: fc.constantFrom('off', 'shadow', 'live'),
      rule: fc.nat(9),
      by: fc.integer({ min: -1, max: 2 }),
    }),
  ],
  [
    1,
    of('policy', {
      sms: fc.boolean(),
      messenger: fc.boolean(),
      by: fc.integer({ min: 0, max: 2 }),
      alertScore: fc.constantFrom(0.2, 0.5, 0.9),
    }),
  ],
  [1, of('profile', { customer, order: fc.nat(2) })],
  [
    2,
    of('consent', {
      customer,
      grant: fc.boolean(),
      channel: fc.nat(2),
      purpose: fc.nat(2),
      lateMs: fc.constantFrom(0, 5 * minute),
    }),
  ],
  [1, of('preferences', { customer, waitMs: fc.constantFrom(0, 2_000, 90_000), hidden: fc.boolean() })],
  [1, of('link', { customer, linked: fc.boolean() })],
  [4, of('reply', { customer, channel, text: fc.nat(9), lateMs: fc.constantFrom(0, 0, 2 * minute) })],
  [1, of('barrier', { customer, channel, back: fc.nat(12), deny: fc.boolean() })],
  [3, of('tap', { pick, yes: fc.boolean() })],
  [8, of('send', { outcomes: fc.array(fc.nat(7), { minLength: 1, maxLength: 3 }) })],
  [1, of('late-outcome', { pick, outcome: fc.nat(7) })],
  [1, of('redrive', { pick })],
  [3, of('provider-receipt', { pick, state: fc.nat(3) })],
  [
    8,
    of('wait', {
      ms: fc.constantFrom(
        1,
        900,
        6_000,
        31_000,
        65_000,
        4 * minute,
        11 * minute,
        61 * minute,
        26 * hour,
        8 * 24 * hour,
      ),
    }),
  ],
];

export const act: fc.Arbitrary<Act> = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** A life of a few accounts and customers. */
export const acts = (minLength = 15, maxLength = 60): fc.Arbitrary<readonly Act[]> =>
  fc.array(act, { minLength, maxLength });
