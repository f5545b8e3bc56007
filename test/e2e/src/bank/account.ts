import { decimal } from './amounts.ts';
import type { Amounts } from './amounts.ts';
import type { Random } from './random.ts';

export const seconds = 1_000;
export const minutes = 60 * seconds;
export const hours = 60 * minutes;
export const days = 24 * hours;

/** A transaction as the bank writes it: see the contract in the design, section 3.1. Loose, because some are broken on purpose. */
export type BankTransaction = Record<string, unknown> & { id: string; accountId: string };

export interface Holder {
  readonly customerId: string;
  readonly role: 'owner' | 'joint';
}

/** What the bank tells about an account before the first transaction; also what the oracle reads. */
export interface AccountSetUp {
  readonly id: string;
  /** Null: the bank sent no list of holders. */
  readonly holders: readonly Holder[] | null;
  readonly settings: { readonly country: string; readonly openedOn: string; readonly currency: string };
  /** By holder: condition → on, with an amount where it has one. */
  readonly conditions: Readonly<
    Record<string, Readonly<Record<string, { on: boolean; amount?: { value: string; currency: string } }>>>
  >;
}

/** One line of the file to come. `order` is the place within the account. */
export interface Arriving {
  readonly transaction: BankTransaction;
  readonly file: 1 | 2;
  /** Drawn ordinary payments may be changed into broken or masked ones; those of a story may not. */
  readonly ordinary: boolean;
}

export interface Payment {
  readonly id?: string;
  readonly lifecycleId?: string;
  readonly at: number;
  readonly minor: number;
  readonly currency?: string;
  readonly direction?: 'debit' | 'credit';
  readonly status?: string;
  readonly channel?: string;
  readonly merchant?: Record<string, unknown>;
  readonly balanceAfter?: number;
  readonly declineReason?: string;
  readonly file?: 1 | 2;
}

const shops = ['Cafe Alpha', 'Green Grocer', 'Book Corner', 'City Bakery', 'Shoe House', 'Garden Store', 'Music Hall'];

/** One account while its part of the file is being written. */
export class Account {
  readonly arriving: Arriving[] = [];
  readonly id: string;
  readonly last4: string;
  readonly currency: string;
  /** Ordinary payments lie between 80 and 120 percent of it, in minor units. */
  readonly base: number;
  /** The story needs exactly so many ordinary payments before it; undefined: as many as the file has room for. */
  ordinaryPayments: number | undefined;
  /** Comes first in the file: something that happens later in the run builds on its alert. */
  early = false;
  holders: Holder[] | null = null;
  /** Named by each transaction; counts as owner while the bank sent no list. */
  customerId: string | undefined;
  readonly conditions: Record<string, Record<string, { on: boolean; amount?: { value: string; currency: string } }>> =
    {};
  readonly #random: Random;
  readonly #amounts: Amounts;
  #count = 0;

  constructor(number: number, base: number, currency: string, random: Random, amounts: Amounts) {
    this.id = `acc-${String(number).padStart(4, '0')}`;
    this.last4 = String(1_000 + number);
    this.base = base;
    this.currency = currency;
    this.#random = random;
    this.#amounts = amounts;
  }

  get decimals(): number {
    return this.currency === 'JPY' ? 0 : this.currency === 'KWD' ? 3 : 2;
  }

  setUp(): AccountSetUp {
    return {
      id: this.id,
      holders: this.holders,
      settings: { country: 'BG', openedOn: '2020-01-31', currency: this.currency },
      conditions: this.conditions,
    };
  }

  /** Switches a condition on for a holder. */
  wants(customerId: string, condition: string, minor?: number): void {
    const amount =
      minor === undefined ? {} : { amount: { value: decimal(minor, this.decimals), currency: this.currency } };
    (this.conditions[customerId] ??= {})[condition] = { on: true, ...amount };
  }

  /** An amount like all others of this account. */
  usual(): number {
    return this.#amounts.common(Math.ceil(this.base * 0.8), Math.floor(this.base * 1.2), this.decimals);
  }

  /** A share of the base that occurs once in the file. */
  single(low: number, high: number): number {
    return this.#amounts.unique(Math.ceil(this.base * low), Math.floor(this.base * high), this.decimals);
  }

  /** This amount, or the next smaller one that belongs to no alert. */
  plain(minor: number): number {
    return this.#amounts.atMost(Math.floor(minor), this.decimals);
  }

  pay(payment: Payment, ordinary = false): BankTransaction {
    const { at, minor, currency = this.currency, direction = 'debit', status = 'booked', file = 1 } = payment;
    this.#count += 1;
    const channel = payment.channel ?? 'card-not-present';
    const byCard = channel !== 'transfer';
    const card = {
      token: `tok-${this.id}`,
      last4: this.last4,
      entryMode: channel === 'card-not-present' ? 'ecommerce' : 'chip',
    };
    const transaction: BankTransaction = {
      id: payment.id ?? `${this.id}-t${this.#count}`,
      ...(payment.lifecycleId === undefined ? {} : { lifecycleId: payment.lifecycleId }),
      accountId: this.id,
      ...(this.customerId === undefined ? {} : { customerId: this.customerId }),
      occurredAt: new Date(at).toISOString(),
      amount: { value: decimal(minor, this.decimals), currency },
      direction,
      status,
      channel,
      ...(byCard
        ? { merchant: payment.merchant ?? this.shop(), card }
        : { counterparty: { name: 'Harbour Works', account: 'ext-1' } }),
      ...(payment.balanceAfter === undefined
        ? {}
        : { balanceAfter: { value: decimal(payment.balanceAfter, this.decimals), currency } }),
      ...(payment.declineReason === undefined ? {} : { declineReason: payment.declineReason }),
    };
    this.arriving.push({ transaction, file, ordinary });
    return transaction;
  }

  shop(country = 'BG'): Record<string, unknown> {
    const name = this.#random.pick(shops);
    return { id: `m-${name.replaceAll(' ', '-').toLowerCase()}`, name, mcc: '5411', country };
  }

  /** Puts an ordinary past of `count` payments, evenly spread over 38 days and ending two days before `now`, before everything else. */
  past(count: number, now: number): void {
    const begun = this.arriving.splice(0);
    const span = 38 * days;
    for (let i = 0; i < count; i++) {
      const gap = span / count;
      const at = now - 40 * days + i * gap + this.#random.between(0, Math.floor(gap / 2));
      this.pay({ at, minor: this.usual(), status: this.#random.pick(['booked', 'booked', 'authorised']) }, true);
    }
    this.arriving.push(...begun);
  }
}
