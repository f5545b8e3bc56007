import { Account, days } from './bank/account.ts';
import type { AccountSetUp, Arriving, BankTransaction } from './bank/account.ts';
import { Amounts } from './bank/amounts.ts';
import { breakRecords, brokenBesideConflicts, testCards } from './bank/broken.ts';
import { customer, reaches } from './bank/people.ts';
import type { Customer, Misfortune, ReachName } from './bank/people.ts';
import { seeded } from './bank/random.ts';
import type { Random } from './bank/random.ts';
import {
  fraudStories,
  jointStories,
  oneAbroad,
  onePurchase,
  quietStories,
  routineStories,
  twoPhases,
} from './bank/stories.ts';
import type { Outcome, Story } from './bank/stories.ts';

/*
 * The file that a bank's plain producer publishes in the end-to-end test: 10,000 records, from a seed. What must come of
 * it is said twice, by two authors that know nothing of each other: each story's own intention here, and the oracle.
 */

export const recordCount = 10_000;
const copies = 100;
const conflicts = 100 - brokenBesideConflicts;
const maskedCount = 50;

/** One record as it is published. */
export interface Line {
  readonly number: number;
  /** The second file is published at least five seconds after the first. */
  readonly file: 1 | 2;
  readonly key: string;
  /** Written to this partition whatever the key says. */
  readonly partition?: number;
  readonly value: Buffer | null;
}

/** What is known before the first record flows. */
export interface SetUp {
  readonly tenant: string;
  readonly now: number;
  readonly customers: readonly Customer[];
  readonly accounts: readonly AccountSetUp[];
}

/** What the authors of the stories meant. */
export interface Intention {
  readonly accountId: string;
  readonly story: string;
  /** Holders known to us; the outcome counts for each of them. */
  readonly customers: readonly string[];
  readonly outcome: Outcome;
}

export interface BankFile {
  readonly lines: readonly Line[];
  readonly setUp: SetUp;
  readonly intentions: readonly Intention[];
  /** Line number → code. */
  readonly broken: ReadonlyMap<number, string>;
  /** Lines that are accepted and hold a card number in a text field. */
  readonly masked: readonly number[];
  /** Customers who answer NO: two holders of one account. */
  readonly answering: readonly string[];
  /** A joint account whose one holder nobody knows, accounts that nobody knows, and customers whom nothing reaches. */
  readonly unknownAccounts: readonly string[];
}

interface Cast {
  readonly story: Story;
  readonly name: string;
  readonly reach: readonly ReachName[];
  readonly grouping: Customer['grouping'];
  readonly misfortune?: Misfortune;
  readonly unknown?: 'no-holders' | 'unknown-holder' | 'one-of-two' | 'two-unknown';
  readonly byTransaction?: true;
  readonly answers?: true;
}

const everyday: readonly ReachName[] = [
  'messenger',
  'sms',
  'email',
  'template',
  'narrow',
  'unconsented',
  'messenger',
  'sms',
  'silent',
  'linked',
];

/** Who plays what, how often. */
function casting(): readonly Cast[] {
  const casts: Cast[] = [];
  let turn = 0;
  const add = (name: string, story: Story, times: number, part: Partial<Cast> = {}): void => {
    for (let i = 0; i < times; i++) {
      const drawn = everyday[turn % everyday.length]!;
      // The Page has no template for payments abroad: with the window closed they would take another channel.
      const reach = drawn === 'template' && ['abroad', 'newCountry'].includes(name) ? 'messenger' : drawn;
      // A template has room for one payment, so those customers are told of each alone.
      const grouped = Math.floor(turn / 3) % 2 === 1 && reach !== 'template';
      turn += 1;
      casts.push({ name, story, reach: [reach], grouping: grouped ? (i % 4 < 2 ? 'own' : 'default') : 'off', ...part });
    }
  };
  for (const [name, story] of Object.entries(fraudStories)) add(name, story, 8);
  add('large', fraudStories.large, 4, { reach: ['silentMail'] });
  add('large', fraudStories.large, 2, { reach: ['unreachable'] });
  add('large', fraudStories.large, 3, { byTransaction: true });
  add('largeJoint', jointStories.largeJoint, 5, { reach: ['messenger', 'sms'] });
  add('largeJoint', jointStories.largeJoint, 1, { reach: ['messenger', 'messenger'], answers: true });
  add('purchasesJoint', jointStories.purchasesJoint, 5, { reach: ['email', 'messenger'], grouping: 'off' });
  add('purchases', routineStories.purchases, 18);
  add('purchaseBooked', routineStories.purchaseBooked, 6);
  add('purchaseAbroad', routineStories.purchaseAbroad, 6, { reach: ['sms'] });
  add('purchaseAbroad', routineStories.purchaseAbroad, 2, { reach: ['email'] });
  add('abroad', routineStories.abroad, 8);
  add('newCountry', routineStories.newCountry, 6);
  add('deposits', routineStories.deposits, 10);
  add('balanceOnce', routineStories.balanceOnce, 5);
  add('balanceNotRearmed', routineStories.balanceNotRearmed, 5);
  for (const [name, story] of Object.entries(quietStories)) add(name, story, 5);
  add('large', fraudStories.large, 2, { unknown: 'no-holders' });
  add('declines', fraudStories.declines, 2, { unknown: 'unknown-holder' });
  add('large', fraudStories.large, 2, { unknown: 'one-of-two', reach: ['sms'] });
  add('declines', fraudStories.declines, 2, { unknown: 'two-unknown' });
  add('purchases', routineStories.purchases, 2, { unknown: 'unknown-holder' });
  const meets = (misfortune: Misfortune, reach: ReachName, story: Story, name: string): void =>
    add(name, story, 1, { misfortune, reach: [reach], grouping: 'off' });
  for (const [misfortune, reach] of [
    ['messenger-429', 'messenger'],
    ['sms-429', 'sms'],
  ] as const) {
    meets(misfortune, reach, fraudStories.large, 'large');
    meets(misfortune, reach, onePurchase, 'purchases');
  }
  for (const [misfortune, reach] of [
    ['messenger-500', 'messenger'],
    ['messenger-dropped', 'messenger'],
    ['sms-500', 'sms'],
    ['sms-dropped', 'sms'],
  ] as const) {
    meets(misfortune, reach, fraudStories.large, 'large');
    meets(misfortune, reach, fraudStories.declines, 'declines');
    meets(misfortune, reach, onePurchase, 'purchases');
  }
  meets('messenger-window', 'messenger', fraudStories.large, 'large');
  meets('messenger-window', 'messenger', onePurchase, 'purchases');
  meets('messenger-window-no-template', 'messenger', oneAbroad, 'abroad');
  meets('messenger-window-no-template', 'messenger', oneAbroad, 'abroad');
  meets('sms-opted-out', 'sms', fraudStories.large, 'large');
  meets('sms-opted-out', 'sms', fraudStories.declines, 'declines');
  add('twoPhases', twoPhases, 3, { reach: ['revokes'], grouping: 'off' });
  add('twoPhases', twoPhases, 2, { reach: ['stops'], grouping: 'off' });
  add('plain', () => ({}), 80);
  return casts;
}

/** The stories in which the amount must reach two hundred without being unusual. */
const expensive = ['newCountry', 'newCountryInHaste'];

export function bankFile(seed: number, now: number): BankFile {
  const random = seeded(seed);
  const amounts = new Amounts(random);
  const customers: Customer[] = [];
  const accounts: Account[] = [];
  const intentions: Intention[] = [];
  const unknownAccounts: string[] = [];
  const answering: string[] = [];

  const known = (cast: Cast): readonly Customer[] =>
    cast.reach.map((reach) => {
      const one = customer(customers.length + 1, reach, cast.grouping, cast.misfortune);
      customers.push(one);
      return one;
    });

  casting().forEach((cast, index) => {
    const currency = cast.name === 'purchases' && index % 9 === 0 ? (index % 2 === 0 ? 'JPY' : 'USD') : 'EUR';
    const base =
      currency === 'JPY'
        ? random.between(5_000, 6_000)
        : expensive.includes(cast.name)
          ? random.between(10_000, 11_000)
          : cast.name === 'underFloor'
            ? 1_000
            : random.between(3_500, 6_000);
    const account = new Account(index + 1, base, currency, random, amounts);
    account.early = cast.answers === true || cast.story === twoPhases;
    accounts.push(account);
    const holding = cast.unknown === undefined || cast.unknown === 'one-of-two' ? known(cast) : [];
    const ids = holding.map(({ id }) => id);
    const strangers = { 'no-holders': 0, 'unknown-holder': 1, 'one-of-two': 1, 'two-unknown': 2 }[
      cast.unknown ?? 'no-holders'
    ];
    const everybody = [...ids, ...Array.from({ length: strangers }, (_, i) => `stranger-${account.id}-${i}`)];
    if (cast.byTransaction) account.customerId = ids[0];
    else if (cast.unknown !== 'no-holders') {
      account.holders = everybody.map((customerId, i) => ({ customerId, role: i === 0 ? 'owner' : 'joint' }));
    }
    if (cast.unknown !== undefined) unknownAccounts.push(account.id);
    if (cast.answers) answering.push(...ids);
    const repeats = cast.grouping === 'off' ? 1 + (index % 3) : cast.grouping === 'own' ? 5 : 3;
    const outcome = cast.story({ account, amounts, now, customers: everybody, repeats });
    intentions.push({ accountId: account.id, story: cast.name, customers: ids, outcome });
  });

  const scripted = accounts.reduce((sum, { arriving }) => sum + arriving.length, 0);
  fillWithPast(accounts, recordCount - scripted - copies - brokenBesideConflicts - conflicts, now);
  const { lines, broken, masked } = publish(accounts, random);
  const setUp: SetUp = { tenant: 'bank', now, customers, accounts: accounts.map((account) => account.setUp()) };
  return { lines, setUp, intentions, broken, masked, answering, unknownAccounts };
}

function fillWithPast(accounts: readonly Account[], room: number, now: number): void {
  const fixed = accounts.filter(({ ordinaryPayments }) => ordinaryPayments !== undefined);
  const free = accounts.filter(({ ordinaryPayments }) => ordinaryPayments === undefined);
  for (const account of fixed) account.past(account.ordinaryPayments!, now);
  const left = room - fixed.reduce((sum, account) => sum + account.ordinaryPayments!, 0);
  const each = Math.floor(left / free.length);
  free.forEach((account, i) => account.past(each + (i < left - each * free.length ? 1 : 0), now));
}

type Draft = { key: string; file: 1 | 2; partition?: number; value: Buffer | null; code?: string; masked?: true };
const written = (accountId: string, transaction: BankTransaction, file: 1 | 2): Draft => ({
  key: accountId,
  file,
  value: Buffer.from(JSON.stringify(transaction)),
});

/** All accounts shuffled into each other, each in its own order; broken records in between; copies in the second file. */
function publish(accounts: readonly Account[], random: Random): Pick<BankFile, 'lines' | 'broken' | 'masked'> {
  const arrivals = interleaved(accounts, random);
  const ordinary = arrivals.filter(({ ordinary: is }) => is);
  const spare = (): Arriving => ordinary.splice(random.between(0, ordinary.length - 1), 1)[0]!;

  const masking = new Set(Array.from({ length: maskedCount }, spare));
  // A merchant with a card number in its name, in front of the customer's eyes.
  const shown = arrivals.filter(
    ({ ordinary: is, file, transaction }) =>
      !is && file === 1 && transaction['status'] === 'authorised' && 'merchant' in transaction,
  );
  const inAlerts = new Set(
    [...masking].slice(0, 3).map(() => shown.splice(random.between(0, shown.length - 1), 1)[0]!),
  );
  for (const one of [...masking].slice(0, 3)) masking.delete(one);
  for (const one of inAlerts) masking.add(one);

  const first: Draft[] = [];
  const second: Draft[] = [];
  for (const arriving of arrivals) {
    const transaction = masking.has(arriving)
      ? withCard(arriving.transaction, inAlerts.has(arriving), random)
      : arriving.transaction;
    const draft = written(arriving.transaction.accountId, transaction, arriving.file);
    (arriving.file === 1 ? first : second).push(masking.has(arriving) ? { ...draft, masked: true } : draft);
  }

  const good = (): BankTransaction => ({
    ...random.pick(arrivals).transaction,
    id: `broken-${random.between(1, 1e9)}`,
  });
  for (const { code, value } of breakRecords(good, random)) {
    first.splice(random.between(0, first.length), 0, { key: random.pick(accounts).id, file: 1, value, code });
  }
  // The same id and status with another amount, after the original: the first stands.
  for (let i = 0; i < conflicts; i++) {
    const { transaction } = spare();
    const { value, currency } = transaction['amount'] as { value: string; currency: string };
    const other = {
      ...transaction,
      amount: { value: `${value.split('.')[0]}1${value.includes('.') ? `.${value.split('.')[1]}` : ''}`, currency },
    };
    first.push({ ...written(transaction.accountId, other, 1), code: 'DUPLICATE_CONFLICT' });
  }
  // Published again, among them what alerted; some of it to a partition where the account never was.
  const alerting = arrivals.filter(
    ({ ordinary: is, file, transaction }) =>
      !is && file === 1 && transaction['status'] === 'authorised' && !masking.has(arrivalOf(arrivals, transaction)),
  );
  for (let i = 0; i < copies; i++) {
    const { transaction } = i < 40 ? alerting.splice(random.between(0, alerting.length - 1), 1)[0]! : spare();
    const draft = written(transaction.accountId, transaction, 2);
    second.push(i % 2 === 0 ? { ...draft, partition: random.between(0, 7) } : draft);
  }
  const all = [...first, ...second];
  return {
    lines: all.map(({ key, file, partition, value }, i) => ({
      number: i + 1,
      file,
      key,
      value,
      ...(partition === undefined ? {} : { partition }),
    })),
    broken: new Map(all.flatMap(({ code }, i) => (code === undefined ? [] : [[i + 1, code] as const]))),
    masked: all.flatMap(({ masked }, i) => (masked ? [i + 1] : [])),
  };
}

const arrivalOf = (arrivals: readonly Arriving[], transaction: BankTransaction): Arriving =>
  arrivals.find((arriving) => arriving.transaction === transaction)!;

function withCard(transaction: BankTransaction, inName: boolean, random: Random): BankTransaction {
  const card = random.pick(testCards);
  if (!inName) return { ...transaction, reference: `order 7, paid with ${card}` };
  return { ...transaction, merchant: { ...(transaction['merchant'] as object), name: `Shop ${card}` } };
}

/** A merge that keeps the order of each account: each is busy for a while of its own, so that alerts come throughout the file. */
function interleaved(accounts: readonly Account[], random: Random): Arriving[] {
  const placed = accounts.flatMap(({ arriving, early }) => {
    const start = early ? 0 : random.next() * 0.8;
    return arriving.map((one, i) => ({ one, place: start + (0.2 * i) / arriving.length }));
  });
  return placed.sort((a, b) => a.place - b.place).map(({ one }) => one);
}

/** The file as the oracle reads it: one JSON object per line, bytes in Base64. */
export const published = (lines: readonly Line[]): string =>
  lines
    .map(({ value, ...line }) => JSON.stringify({ ...line, value: value === null ? null : value.toString('base64') }))
    .join('\n') + '\n';

export { days, reaches };
