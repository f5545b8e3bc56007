import type { BankTransaction } from './bank-transaction.ts';
import { normal, pick, seeded, uniform } from './random.ts';
import type { Random } from './random.ts';

/*
 * A small world for demonstrations and load: customers with a card, a habit and a balance, and shops. The base follows the
 * public description of the Fraud Detection Handbook's simulator (mean amount uniform in 5..100, deviation half of it);
 * the episodes are ours.
 */

interface Shop {
  readonly id: string;
  readonly name: string;
  readonly mcc: string;
}

interface Place {
  readonly country: string;
  readonly city: string;
  readonly latitude: number;
  readonly longitude: number;
}

const shops: readonly Shop[] = [
  { id: 'm-1', name: 'Corner Coffee', mcc: '5814' },
  { id: 'm-2', name: 'Green Grocer', mcc: '5411' },
  { id: 'm-3', name: 'City Pharmacy', mcc: '5912' },
  { id: 'm-4', name: 'Book Nook', mcc: '5942' },
  { id: 'm-5', name: 'Tram Tickets', mcc: '4111' },
  { id: 'm-6', name: 'Fresh Bakery', mcc: '5462' },
  { id: 'm-7', name: 'Garden Centre', mcc: '5261' },
  { id: 'm-8', name: 'Shoe Corner', mcc: '5661' },
];

const sofia: Place = { country: 'BG', city: 'Sofia', latitude: 42.6977, longitude: 23.3219 };
const paris: Place = { country: 'FR', city: 'Paris', latitude: 48.8566, longitude: 2.3522 };

export interface SimulatedCustomer {
  readonly customerId: string;
  readonly accountId: string;
  readonly cardToken: string;
  readonly last4: string;
  readonly meanAmount: number;
}

/** Frauds that an episode can show; each is built so that the rule of the same name sees it. */
export const episodes = ['impossible-travel', 'card-testing', 'amount-vs-median', 'decline-burst'] as const;
export type Episode = (typeof episodes)[number];

export interface WorldOptions {
  readonly seed?: number;
  readonly customers?: number;
  /** Put before every id, so that two runs over one store do not repeat ids. */
  readonly idPrefix?: string;
}

/** The simulated bank's customers and what they pay. It has no clock: every call says what time it is. */
export class World {
  readonly customers: readonly SimulatedCustomer[];
  readonly #random: Random;
  readonly #prefix: string;
  readonly #balances = new Map<string, number>();
  #next = 1;

  constructor(options: WorldOptions = {}) {
    this.#random = seeded(options.seed ?? 7);
    this.#prefix = options.idPrefix ?? 't';
    this.customers = Array.from({ length: options.customers ?? 20 }, (_, index) => ({
      customerId: `cus-${index + 1}`,
      accountId: `acc-${index + 1}`,
      cardToken: `card-${index + 1}`,
      last4: String(4242 + index).slice(-4),
      meanAmount: Math.round(uniform(this.#random, 5, 100)),
    }));
    for (const { accountId } of this.customers) this.#balances.set(accountId, 500_000);
  }

  /** An ordinary payment of anybody. */
  ordinary(at: number, customer: SimulatedCustomer = pick(this.#random, this.customers)): BankTransaction {
    const drawn = normal(this.#random, customer.meanAmount, customer.meanAmount / 4);
    return this.#payment(customer, at, Math.max(2.5, drawn), pick(this.#random, shops), sofia);
  }

  /** A quiet past, so that rules which compare with a habit have one. */
  history(customer: SimulatedCustomer, until: number, count: number): readonly BankTransaction[] {
    const span = 4 * 86_400_000;
    return Array.from({ length: count }, (_, index) =>
      this.ordinary(until - span + Math.floor((span * index) / count), customer),
    );
  }

  salary(customer: SimulatedCustomer, at: number): BankTransaction {
    const cents = 180_000 + Math.floor(uniform(this.#random, 0, 60_000));
    return {
      ...this.#base(customer, at, -cents),
      direction: 'credit',
      status: 'booked',
      channel: 'transfer',
      counterparty: { name: 'Employer', country: 'BG' },
    };
  }

  /** The transactions of a fraud, in order; the last one is the one that should alert. */
  episode(kind: Episode, customer: SimulatedCustomer, at: number): readonly BankTransaction[] {
    const shop: Shop = { id: 'm-90', name: 'Electro Palace', mcc: '5732' };
    switch (kind) {
      case 'impossible-travel':
        return [
          this.#payment(customer, at - 20 * 60_000, customer.meanAmount, pick(this.#random, shops), sofia),
          this.#payment(
            customer,
            at,
            uniform(this.#random, 180, 480),
            { id: 'm-91', name: 'Boutique Lumiere', mcc: '5621' },
            paris,
          ),
        ];
      case 'card-testing':
        return [
          ...[1, 1.5, 0.5].map((amount, index) =>
            this.#payment(customer, at - (5 - index) * 60_000, amount, shop, sofia, 'card-not-present'),
          ),
          this.#payment(customer, at, uniform(this.#random, 90, 300), shop, sofia, 'card-not-present'),
        ];
      case 'amount-vs-median':
        return [this.#payment(customer, at, customer.meanAmount * 5 + 150 + uniform(this.#random, 0, 50), shop, sofia)];
      case 'decline-burst':
        return [6, 3, 0].map((minutes) => ({
          ...this.#payment(
            customer,
            at - minutes * 60_000,
            uniform(this.#random, 60, 200),
            shop,
            sofia,
            'card-not-present',
          ),
          status: 'declined' as const,
          declineReason: '05',
        }));
    }
  }

  #payment(
    customer: SimulatedCustomer,
    at: number,
    amount: number,
    shop: Shop,
    place: Place,
    channel = 'card-present',
  ): BankTransaction {
    return {
      ...this.#base(customer, at, Math.round(amount * 100)),
      direction: 'debit',
      status: 'authorised',
      channel,
      merchant: { ...shop, ...place, terminalId: `${shop.id}-t1` },
      card: {
        token: customer.cardToken,
        last4: customer.last4,
        entryMode: channel === 'card-present' ? 'chip' : 'ecommerce',
      },
    };
  }

  /** `cents` leave the account (negative: arrive). */
  #base(
    customer: SimulatedCustomer,
    at: number,
    cents: number,
  ): Pick<BankTransaction, 'id' | 'accountId' | 'customerId' | 'occurredAt' | 'amount' | 'balanceAfter'> {
    const balance = (this.#balances.get(customer.accountId) ?? 0) - cents;
    this.#balances.set(customer.accountId, balance);
    return {
      id: `${this.#prefix}-${String(this.#next++).padStart(6, '0')}`,
      accountId: customer.accountId,
      customerId: customer.customerId,
      occurredAt: new Date(at).toISOString(),
      amount: { value: (Math.abs(cents) / 100).toFixed(2), currency: 'EUR' },
      balanceAfter: { value: (balance / 100).toFixed(2), currency: 'EUR' },
    };
  }
}
