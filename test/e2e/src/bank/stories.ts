import type { Account } from './account.ts';
import { days, hours, minutes, seconds } from './account.ts';
import type { Amounts } from './amounts.ts';

/*
 * Small scripts, one per account, each built so that whoever reads the definitions (detection-rules, customer-alerts) can
 * say without a computer whether it must alert. An account has at most one fraud question, except where the joining of
 * further payments to an open question is the point.
 */

export interface Scene {
  readonly account: Account;
  readonly amounts: Amounts;
  /** When the file is published; everything that must be judged happened within the last 30 hours before. */
  readonly now: number;
  /** Holders whom the bank has told us about, in order. */
  readonly customers: readonly string[];
  /** How many alerts of one condition the customers' grouping allows. */
  readonly repeats: number;
}

/** How many findings must become alerts (per holder), and how many findings join an open question. */
export interface Outcome {
  readonly fraud?: number;
  readonly joined?: number;
  readonly routine?: Readonly<Record<string, number>>;
  /** Where the second holder hears something else. */
  readonly second?: Outcome;
}

export type Story = (scene: Scene) => Outcome;

const sofia = { latitude: 42.6977, longitude: 23.3219 };
const paris = { latitude: 48.8566, longitude: 2.3522 };
const pernik = { latitude: 42.6052, longitude: 23.0378 };
const located = (account: Account, place: typeof sofia, country: string) => ({ ...account.shop(country), ...place });

/** Two hours apart from the past and from each other, so that no window sees two of them. */
const slot = (now: number, index: number): number => now - 28 * hours + index * 2 * hours + 7 * minutes;

/* ---- fraud ---- */

/** Three within fifty seconds. */
const burst: Story = ({ account, now }) => {
  const at = slot(now, 6);
  account.pay({ at, minor: account.usual() });
  account.pay({ at: at + 20 * seconds, minor: account.usual() });
  account.pay({ at: at + 50 * seconds, minor: account.single(0.8, 1.2), status: 'authorised' });
  return { fraud: 1 };
};

/** The first lies exactly one minute back: outside the window. Three within an hour alone never alert. */
const burstAtEdge: Story = ({ account, now }) => {
  const at = slot(now, 6);
  for (const offset of [0, 30, 60]) account.pay({ at: at + offset * seconds, minor: account.usual() });
  return {};
};

/** The second arrives after the third: an earlier one that comes late judges nobody again. */
const burstOutOfOrder: Story = ({ account, now }) => {
  const at = slot(now, 5);
  for (const offset of [0, 40, 20]) account.pay({ at: at + offset * seconds, minor: account.usual() });
  return {};
};

/** The first arrives after the second: both lie before the third, which alerts. */
const burstSwapped: Story = ({ account, now }) => {
  const at = slot(now, 5);
  account.pay({ at: at + 20 * seconds, minor: account.usual() });
  account.pay({ at, minor: account.usual() });
  account.pay({ at: at + 40 * seconds, minor: account.single(0.8, 1.2), status: 'authorised' });
  return { fraud: 1 };
};

/** A reversed payment leaves every window: two remain. */
const burstReversed: Story = ({ account, now }) => {
  const at = slot(now, 6);
  const first = { id: `${account.id}-r`, at, minor: account.usual() };
  account.pay({ ...first, status: 'authorised' });
  account.pay({ ...first, status: 'reversed' });
  account.pay({ at: at + 20 * seconds, minor: account.usual() });
  account.pay({ at: at + 50 * seconds, minor: account.usual() });
  return {};
};

/** Authorised, then booked: one transaction, counted once. */
const burstBooked: Story = ({ account, now }) => {
  const at = slot(now, 6);
  const first = { id: `${account.id}-b`, at, minor: account.usual() };
  account.pay({ ...first, status: 'authorised' });
  account.pay({ at: at + 20 * seconds, minor: account.usual() });
  account.pay({ ...first, status: 'booked' });
  return {};
};

/** Several times what is usual. */
const large: Story = ({ account, now }) => {
  account.pay({ at: slot(now, 8), minor: account.single(5, 8), status: 'authorised' });
  return { fraud: 1 };
};

/** The same for two holders: each is asked. */
const largeJoint = large;

/** Fraud and a condition of the customer's own on one payment: one message. */
const largeWanted: Story = ({ account, customers, now }) => {
  for (const id of customers) account.wants(id, 'purchase-over', account.base * 2);
  account.pay({ at: slot(now, 8), minor: account.single(5, 8), status: 'authorised' });
  return { fraud: 1 };
};

const notLargeEnough: Story = ({ account, now }) => {
  account.pay({ at: slot(now, 8), minor: account.plain(account.base * 2.3) });
  return {};
};

/** Four earlier payments are too few to know what is usual. */
const tooFewKnown: Story = ({ account, now }) => {
  account.ordinaryPayments = 4;
  account.pay({ at: slot(now, 8), minor: account.plain(account.base * 6) });
  return {};
};

/** Ten times as much and still under the floor of 100. */
const underFloor: Story = ({ account, now }) => {
  account.pay({ at: slot(now, 8), minor: account.plain(9_900) });
  return {};
};

const travel =
  (place: typeof sofia, country: string, after: number, outcome: Outcome): Story =>
  ({ account, now }) => {
    const at = slot(now, 7);
    account.pay({ at, minor: account.usual(), channel: 'card-present', merchant: located(account, sofia, 'BG') });
    const minor = outcome.fraud === undefined ? account.usual() : account.single(0.8, 1.2);
    account.pay({
      at: at + after,
      minor,
      channel: 'card-present',
      merchant: located(account, place, country),
      status: 'authorised',
    });
    return outcome;
  };

const decline = (account: Account, at: number, minor: number, declineReason = '51') =>
  account.pay({ at, minor, status: 'declined', declineReason });

const declines: Story = ({ account, now }) => {
  const at = slot(now, 8);
  decline(account, at, account.usual());
  decline(account, at + 4 * minutes, account.usual());
  decline(account, at + 9 * minutes, account.single(0.8, 1.2));
  return { fraud: 1 };
};

/** A fourth refusal within the ten minutes joins the question about the third. */
const declinesJoin: Story = (scene) => {
  const { account, now } = scene;
  declines(scene);
  decline(account, slot(now, 8) + 9 * minutes + 30 * seconds, account.single(0.8, 1.2));
  return { fraud: 1, joined: 1 };
};

const declinesAtEdge: Story = ({ account, now }) => {
  const at = slot(now, 8);
  for (const offset of [0, 4, 10]) decline(account, at + offset * minutes, account.usual());
  return {};
};

/** One of the three is the network's own failure. */
const declinesTechnical: Story = ({ account, now }) => {
  const at = slot(now, 8);
  for (const [offset, reason] of [
    [0, '51'],
    [4, '91'],
    [8, '05'],
  ] as const)
    decline(account, at + offset * minutes, account.usual(), reason);
  return {};
};

const probes = (account: Account, amounts: Amounts, at: number): number => {
  const sizes = [0, 1].map(() => amounts.common(50, 110));
  decline(account, at, sizes[0]!);
  decline(account, at + 2 * minutes, sizes[1]!);
  const third = amounts.common(50, 110);
  account.pay({ at: at + 5 * minutes, minor: third });
  return Math.max(...sizes, third);
};

/** Two refused probes and a small one that passes are quiet; fifty times the largest is not. */
const testing: Story = ({ account, amounts, now }) => {
  const largest = probes(account, amounts, slot(now, 8));
  account.pay({ at: slot(now, 9), minor: amounts.unique(largest * 50, largest * 50 + 400), status: 'authorised' });
  return { fraud: 1 };
};

const testingTooSmall: Story = ({ account, amounts, now }) => {
  const largest = probes(account, amounts, slot(now, 8));
  account.pay({ at: slot(now, 9), minor: amounts.atMost(largest * 50 - 1) });
  return {};
};

/** Three probes that pass: three in an hour and three tiny ones, .4 and .4, are .64 at the third. */
const testingApproved: Story = ({ account, amounts, now }) => {
  const at = slot(now, 8);
  account.pay({ at, minor: amounts.common(120, 160) });
  account.pay({ at: at + 3 * minutes, minor: amounts.common(120, 160) });
  account.pay({ at: at + 6 * minutes, minor: amounts.unique(50, 119), status: 'authorised' });
  return { fraud: 1 };
};

/** A country never seen before and the third payment of an hour, .4 and .4. */
const newCountryInHaste: Story = ({ account, now }) => {
  const at = slot(now, 8);
  account.pay({ at, minor: account.usual() });
  account.pay({ at: at + 12 * minutes, minor: account.usual() });
  account.pay({
    at: at + 25 * minutes,
    minor: account.single(2.05, 2.3),
    merchant: account.shop('FR'),
    status: 'authorised',
  });
  return { fraud: 1 };
};

/** A country never seen before alone (.4) asks nobody; who wants to hear of payments abroad does. */
const newCountry: Story = ({ account, customers, now }) => {
  for (const id of customers) account.wants(id, 'international-use');
  account.pay({
    at: slot(now, 8),
    minor: account.single(2.05, 2.3),
    merchant: account.shop('FR'),
    status: 'authorised',
  });
  return { routine: { 'international-use': 1 } };
};

/* ---- what customers asked to be told ---- */

const over = (account: Account) => Math.ceil(account.base * 1.5);

const purchases: Story = ({ account, customers, now, repeats }) => {
  for (const id of customers) account.wants(id, 'purchase-over', over(account));
  account.pay({ at: slot(now, 0), minor: account.usual() });
  for (let i = 1; i <= repeats; i++)
    account.pay({ at: slot(now, i), minor: account.single(1.55, 2.2), status: 'authorised' });
  account.pay({ at: slot(now, repeats + 2), minor: account.plain(over(account) - 1) });
  return { routine: { 'purchase-over': repeats } };
};

/** Told when it is authorised, not again when it is booked, under the same id or another one of the same lifecycle. */
const purchaseBooked: Story = ({ account, customers, now }) => {
  for (const id of customers) account.wants(id, 'purchase-over', over(account));
  const first = { id: `${account.id}-a`, at: slot(now, 3), minor: account.single(1.55, 2.2) };
  account.pay({ ...first, status: 'authorised' });
  account.pay({ at: slot(now, 5), minor: account.usual() });
  account.pay({ ...first, at: first.at + 7 * hours, status: 'booked' });
  const second = { lifecycleId: `${account.id}-life`, at: slot(now, 6), minor: account.single(1.55, 2.2) };
  account.pay({ ...second, id: `${account.id}-c`, status: 'authorised' });
  account.pay({ ...second, id: `${account.id}-d`, status: 'booked' });
  return { routine: { 'purchase-over': 2 } };
};

/** Each holder has a threshold of their own. */
const purchasesJoint: Story = ({ account, customers, now }) => {
  const [first, second] = customers;
  account.wants(first!, 'purchase-over', over(account));
  account.wants(second!, 'purchase-over', account.base * 2);
  account.pay({ at: slot(now, 2), minor: account.single(1.55, 1.95), status: 'authorised' });
  account.pay({ at: slot(now, 4), minor: account.single(2.05, 2.2), status: 'authorised' });
  return { routine: { 'purchase-over': 2 }, second: { routine: { 'purchase-over': 1 } } };
};

/** Two conditions on one payment are one message, with the text of the first. */
const purchaseAbroad: Story = ({ account, customers, now }) => {
  for (const id of customers) {
    account.wants(id, 'purchase-over', over(account));
    account.wants(id, 'international-use');
  }
  account.pay({
    at: slot(now, 2),
    minor: account.single(1.55, 2.2),
    merchant: account.shop('DE'),
    status: 'authorised',
  });
  return { routine: { 'purchase-over': 1 } };
};

const abroad: Story = ({ account, customers, now, repeats }) => {
  for (const id of customers) account.wants(id, 'international-use');
  const count = Math.min(repeats, 2);
  for (let i = 1; i <= count; i++) {
    const channel = i === 2 ? 'atm' : 'card-not-present';
    account.pay({
      at: slot(now, 2 * i),
      minor: account.single(0.8, 1.2),
      merchant: account.shop('DE'),
      channel,
      status: 'authorised',
    });
  }
  return { routine: { 'international-use': count } };
};

const deposits: Story = ({ account, customers, now, repeats }) => {
  for (const id of customers) account.wants(id, 'deposit', 10_000);
  const count = repeats > 3 ? 2 : 1;
  const credit = { direction: 'credit', channel: 'transfer' } as const;
  for (let i = 1; i <= count; i++) account.pay({ ...credit, at: slot(now, i), minor: account.single(4, 8) });
  account.pay({ ...credit, at: slot(now, 6), minor: account.plain(9_999) });
  return { routine: { deposit: count } };
};

const balances =
  (levels: readonly number[], fires: number | null): Story =>
  ({ account, customers, now }) => {
    for (const id of customers) account.wants(id, 'balance-below', 10_000);
    levels.forEach((balanceAfter, i) => {
      const minor = i === fires ? account.single(0.8, 1.2) : account.usual();
      account.pay({ at: slot(now, i), minor, balanceAfter });
    });
    return { routine: { 'balance-below': fires === null ? 0 : 1 } };
  };

/** Switched off again: nothing. */
const unwanted: Story = ({ account, customers, now }) => {
  for (const id of customers) {
    account.wants(id, 'purchase-over', over(account));
    account.conditions[id]!['purchase-over']!.on = false;
  }
  account.pay({ at: slot(now, 2), minor: account.plain(account.base * 2) });
  return {};
};

/** Older than five days: it counts as history and alerts nobody. */
const backFill: Story = ({ account, customers, now }) => {
  for (const id of customers) account.wants(id, 'purchase-over', over(account));
  account.pay({ at: now - 8 * days, minor: account.plain(account.base * 6) });
  return {};
};

/** One alert in each file: between the two the customer takes something back. */
export const twoPhases: Story = ({ account, customers, now }) => {
  for (const id of customers) account.wants(id, 'purchase-over', over(account));
  account.pay({ at: slot(now, 3), minor: account.single(1.55, 2.2), status: 'authorised' });
  account.pay({ at: slot(now, 8), minor: account.single(1.55, 2.2), status: 'authorised', file: 2 });
  return { routine: { 'purchase-over': 2 } };
};

export const onePurchase: Story = (scene) => purchases({ ...scene, repeats: 1 });
export const oneAbroad: Story = (scene) => abroad({ ...scene, repeats: 1 });

export const fraudStories = {
  burst,
  burstSwapped,
  large,
  largeWanted,
  travelFar: travel(paris, 'FR', 1 * hours, { fraud: 1 }),
  declines,
  declinesJoin,
  testing,
  testingApproved,
  newCountryInHaste,
} as const satisfies Record<string, Story>;

export const quietStories = {
  burstAtEdge,
  burstOutOfOrder,
  burstReversed,
  burstBooked,
  notLargeEnough,
  tooFewKnown,
  underFloor,
  travelNear: travel(pernik, 'BG', 1 * minutes, {}),
  travelSlow: travel(paris, 'FR', 150 * minutes, {}),
  declinesAtEdge,
  declinesTechnical,
  testingTooSmall,
  unwanted,
  backFill,
  balanceAtLimit: balances([30_000, 12_000, 10_000], null),
} as const satisfies Record<string, Story>;

export const routineStories = {
  purchases,
  purchaseBooked,
  purchaseAbroad,
  abroad,
  newCountry,
  deposits,
  balanceOnce: balances([30_000, 12_000, 9_500, 9_000], 2),
  balanceNotRearmed: balances([30_000, 12_000, 9_500, 10_400, 9_900], 2),
} as const satisfies Record<string, Story>;

export const jointStories = { largeJoint, purchasesJoint } as const satisfies Record<string, Story>;
