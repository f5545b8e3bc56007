import { parseAmount } from '@tocsin/core';
import type { Instant, Span, Transaction } from '@tocsin/core';
import { at } from './clock.ts';

/** A transaction in a test: only what matters to it is said. */
export interface Step {
  /** When; undefined: `apart` after the one before. */
  readonly at: Instant | undefined;
  readonly apart: Span | undefined;
  /** Everything but time and id. */
  readonly transaction: Omit<Transaction, 'id' | 'lifecycleId' | 'occurredAt'>;
}

export interface PayOptions extends Partial<Omit<Transaction, 'id' | 'amount' | 'occurredAt' | 'balanceAfter'>> {
  /** `10:59`, `2026-03-04T10:59`, or an instant. */
  readonly at?: string | Instant;
  /** In major units, as a bank writes it: `12.34`. Default 10.00. */
  readonly amount?: string;
  /** Default EUR. */
  readonly currency?: string;
  /** In major units of the same currency. */
  readonly balanceAfter?: string;
}

function money(value: string, currency: string) {
  const sign = value.startsWith('-') ? -1 : 1;
  const parsed = parseAmount(value.replace('-', ''), currency);
  if (typeof parsed === 'string') throw new Error(`"${value} ${currency}" is no amount: ${parsed}.`);
  return { minor: sign * parsed.minor, currency };
}

function step(options: PayOptions, apart?: Span): Step {
  const { at: when, amount = '10.00', currency = 'EUR', balanceAfter, ...rest } = options;
  return {
    at: typeof when === 'string' ? at(when) : when,
    apart,
    transaction: {
      accountId: 'acc-1',
      customerId: 'cus-1',
      precision: 'instant',
      amount: money(amount, currency),
      direction: 'debit',
      status: 'authorised',
      channel: 'card-present',
      card: { token: 'card-1', last4: '4242' },
      merchant: { id: 'm-1', name: 'Corner Coffee', country: 'BG' },
      ...(balanceAfter === undefined ? {} : { balanceAfter: money(balanceAfter, currency) }),
      ...rest,
    },
  };
}

/** One approved card payment of 10.00 EUR at a till, unless it says otherwise. */
export const pay = (options: PayOptions = {}): Step => step(options);

/** Several of them, one every `apart`; the first one `apart` after whatever came before. */
export const pays = (count: number, { apart, ...options }: PayOptions & { readonly apart: Span }): readonly Step[] =>
  Array.from({ length: count }, () => step(options, apart));

/** One payment at each of these times. */
export const paysAt = (times: readonly string[], options: PayOptions = {}): readonly Step[] =>
  times.map((time) => step({ ...options, at: time }));

/** One payment of each of these amounts, a day apart. */
export const paysOf = (amounts: readonly string[], options: PayOptions = {}): readonly Step[] =>
  amounts.map((amount) => step({ ...options, amount }, 86_400_000));

/** One refused card payment. */
export const declined = (options: PayOptions = {}): Step =>
  step({ status: 'declined', declineReason: '51', ...options });

/** Money that arrives by transfer. */
export function receive(options: PayOptions = {}): Step {
  const { transaction, ...rest } = step({ direction: 'credit', channel: 'transfer', status: 'booked', ...options });
  const { card: _card, merchant: _merchant, ...bare } = transaction;
  return {
    ...rest,
    transaction: {
      ...bare,
      ...(options.card === undefined ? {} : { card: options.card }),
      ...(options.merchant === undefined ? {} : { merchant: options.merchant }),
    },
  };
}
