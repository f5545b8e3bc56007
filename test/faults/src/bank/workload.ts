import { partitionOf } from '@tocsin/core';
import { customer, partitions, reaches, seeded, tenant } from '@tocsin/test-e2e';
import type { AccountSetUp, Customer, Line, Random, ReachName, SetUp } from '@tocsin/test-e2e';

/*
 * What the bank writes during a campaign. Simple on purpose: what must come of each record follows with certainty, whatever
 * order the two copies of one record arrive in. Ordinary payments lie between 10 and 20, those that the customer wants to
 * hear of between 50 and 99, fraud above 500 with a card of its own; no amount comes twice for one customer above 50.
 */

const currency = 'EUR';
/** Payments of an account before anything may be suspicious. */
const past = 7;
/** A copy is made of a record that is at least so old, so that it does not overtake its original. */
const copyAfterMs = 3_000;

const everyday: readonly ReachName[] = [
  'messenger',
  'sms',
  'messenger',
  'sms',
  'unconsented',
  'messenger',
  'sms',
  'email',
  'silent',
  'messenger',
];

/** Something of which a customer wants to hear; the amount as messages write it: `12.34 EUR`. */
interface Wanted {
  readonly customerId: string;
  readonly amount: string;
  readonly at: number;
}

export interface WorkloadOptions {
  readonly seed: number;
  readonly customers: number;
  /** Customers who may take their consent back in the middle. */
  readonly stopping: number;
  /** Of all records. */
  readonly alerting: number;
  readonly copies: number;
}

interface Person {
  readonly customer: Customer;
  readonly account: AccountSetUp;
  readonly amounts: Set<number>;
}

const euro = (minor: number): string => `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;

/** Whatever goes to the bank's topic; the number says in which order it was made. */
export type Published = Line & { readonly at: number };

export class Workload {
  readonly setUp: SetUp;
  /** By partition of both stages; whoever wants to know whether all of them deliver pays with one of each. */
  readonly canaries: readonly (readonly Person[])[];
  readonly stoppers: readonly Person[];
  readonly #people: readonly Person[];
  readonly #random: Random;
  readonly #options: WorkloadOptions;
  readonly #recent: Published[] = [];
  readonly #wanted: Wanted[] = [];
  #count = 0;
  /** Records that no reader can take, by what is wrong with them; published as they stand here. */
  poisoned = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#random = seeded(options.seed * 7_919 + 13);
    const numbers = Array.from({ length: options.customers }, (_, i) => i);
    this.#people = numbers.map((number) => person(number, everyday[number % everyday.length]!));
    this.stoppers = Array.from({ length: options.stopping }, (_, i) => person(2_000 + i, 'stops'));
    this.canaries = canaries();
    const everybody = [...this.#people, ...this.stoppers, ...this.canaries.flat()];
    this.setUp = {
      tenant,
      now: Date.now(),
      customers: everybody.map((one) => one.customer),
      accounts: everybody.map(({ account }) => account),
    };
  }

  /** The past of every account: published before anything else. */
  begin(now: number): readonly Published[] {
    return [...this.#people, ...this.stoppers, ...this.canaries.flat()].flatMap((one) =>
      Array.from({ length: past }, (_, i) => this.#ordinary(one, now - (past - i) * 60_000)),
    );
  }

  /** So many further records, as they come. */
  next(count: number, now: number): readonly Published[] {
    return Array.from({ length: count }, () => {
      const line = this.#one(now);
      this.#recent.push(line);
      if (this.#recent.length > 2_000) this.#recent.shift();
      return line;
    });
  }

  #one(now: number): Published {
    const drawn = this.#random.next();
    const { alerting, copies } = this.#options;
    if (drawn < copies) {
      const old = this.#recent.find(({ at }) => now - at >= copyAfterMs);
      if (old !== undefined) return this.#copy(this.#old(now));
    }
    const someone = this.#random.pick(this.#people);
    if (drawn > 1 - alerting / 3) return this.fraud(someone, now);
    if (drawn > 1 - alerting) return this.purchase(someone, now);
    return this.#ordinary(someone, now);
  }

  #old(now: number): Published {
    const old = this.#recent.filter(({ at }) => now - at >= copyAfterMs);
    return this.#random.pick(old.slice(-400));
  }

  /** Byte for byte; two of three to where the first one lies. */
  #copy(line: Published): Published {
    const { partition: _, ...rest } = line;
    const elsewhere = this.#random.chance(1 / 3);
    return { ...rest, ...(elsewhere ? { partition: 0 } : {}) };
  }

  /** The customer wants to hear of it. */
  purchase(one: Person, now: number): Published {
    return this.#pay(one, this.#amount(one, 5_000, 9_999, now), now);
  }

  fraud(one: Person, now: number): Published {
    return this.#pay(one, this.#amount(one, 50_000, 499_999, now), now, true);
  }

  /** What customers want to hear of, of all that was made since then. */
  wantedSince(at: number): readonly Wanted[] {
    return this.#wanted.filter((one) => one.at >= at);
  }

  #ordinary(one: Person, now: number): Published {
    return this.#pay(one, this.#random.between(1_000, 2_000), now);
  }

  #amount({ amounts, customer: { id } }: Person, low: number, high: number, at: number): number {
    for (;;) {
      const minor = this.#random.between(low, high);
      if (amounts.has(minor)) continue;
      amounts.add(minor);
      this.#wanted.push({ customerId: id, amount: `${euro(minor)} ${currency}`, at });
      return minor;
    }
  }

  #pay({ account }: Person, minor: number, now: number, ownCard = false): Published {
    const number = (this.#count += 1);
    const transaction = {
      id: `t-${String(number).padStart(7, '0')}`,
      accountId: account.id,
      occurredAt: new Date(now).toISOString(),
      amount: { value: euro(minor), currency },
      direction: 'debit',
      status: 'booked',
      channel: 'card-not-present',
      merchant: { id: 'm-book-corner', name: 'Book Corner', mcc: '5942' },
      ...(ownCard
        ? { card: { token: `tok-${number}`, last4: String(1_000 + (number % 9_000)), entryMode: 'ecommerce' } }
        : {}),
    };
    return { number, file: 1, key: account.id, value: Buffer.from(JSON.stringify(transaction)), at: now };
  }

  /** Records that must be rejected, and must stop nothing. */
  poison(now: number): readonly Published[] {
    const { account } = this.#random.pick(this.#people);
    const good = JSON.parse(this.#pay({ account } as Person, 1_500, now).value!.toString()) as Record<string, unknown>;
    const values: readonly (Buffer | null)[] = [
      Buffer.from('{"id": "cut in the mid'),
      null,
      Buffer.from([0xff, 0xfe, 0x80, 0x01]),
      Buffer.from(JSON.stringify({ ...good, accountId: undefined })),
      Buffer.from(JSON.stringify({ ...good, amount: { value: '-1.00', currency } })),
      Buffer.from(JSON.stringify({ ...good, occurredAt: '2026-02-31T00:00:00Z' })),
      Buffer.from(JSON.stringify({ ...good, note: 'x'.repeat(70_000) })),
      Buffer.from('['.repeat(40) + ']'.repeat(40)),
    ];
    this.poisoned += values.length;
    return values.map((value) => ({ number: (this.#count += 1), file: 1, key: account.id, value, at: now }));
  }
}

function person(number: number, reach: ReachName, accountId = `acc-${String(number).padStart(4, '0')}`): Person {
  const one = customer(number, reach, 'off');
  return {
    customer: one,
    account: {
      id: accountId,
      holders: [{ customerId: one.id, role: 'owner' }],
      settings: { country: 'BG', openedOn: '2020-01-31', currency },
      conditions: { [one.id]: { 'purchase-over': { on: true, amount: { value: '50.00', currency } } } },
    },
    amounts: new Set(),
  };
}

export type { Person };

/** So many in each partition, in turns: a customer is told one thing at a time, and whoever waits must not make a queue. */
const canariesEach = 4;

/** Customers in each partition, with accounts there. */
function canaries(): readonly (readonly Person[])[] {
  let number = 3_000;
  return Array.from({ length: partitions.stage }, (_p, wanted) => {
    const lies = (id: string): boolean => partitionOf(`${tenant}:${id}`, partitions.stage) === wanted;
    let account = 0;
    return Array.from({ length: canariesEach }, (_c, turn) => {
      do number += 1;
      while (!lies(customer(number, 'sms', 'off').id));
      do account += 1;
      while (!lies(`acc-canary-${wanted}-${account}`));
      return person(number, turn % 2 === 0 ? 'messenger' : 'sms', `acc-canary-${wanted}-${account}`);
    });
  });
}

/** How each customer may be reached, in the words of the end-to-end test, for the oracle. */
export const reachOf = ({ reach }: Customer): (typeof reaches)[ReachName] => reaches[reach];
