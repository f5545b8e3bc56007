import { decimalsOf } from '../currencies.ts';
import type { Transaction } from '../transaction.ts';

/**
 * Which transactions a feature looks at. `statuses` says what becomes of one that is reversed or declined later: counted
 * ones leave every window; an attempt stays an attempt (who tests a card lets his probes be reversed); a decline stays.
 */
export interface Population {
  /** Part of the name under which the state is kept: two populations with the same id must be the same. */
  readonly id: string;
  readonly statuses: 'counted' | 'declined' | 'attempted';
  includes(tx: Transaction): boolean;
}

/** Pending, authorised and booked transactions count; declined and reversed ones never do. */
export const isCounted = ({ status }: Transaction): boolean => status !== 'declined' && status !== 'reversed';

/** In minor units of the currency; whole minor units. */
export const minorOf = (major: number, currency: string): number =>
  Math.round(major * 10 ** (decimalsOf(currency) ?? 2));

export const debits: Population = {
  id: 'debits',
  statuses: 'counted',
  includes: (tx) => tx.direction === 'debit' && isCounted(tx),
};

export const credits: Population = {
  id: 'credits',
  statuses: 'counted',
  includes: (tx) => tx.direction === 'credit' && isCounted(tx),
};

/** Was the card itself there: at a till or a cash machine? */
export const isCardPresent = ({ channel }: Transaction): boolean => channel === 'card-present' || channel === 'atm';

/** Payments with the card itself, at a known place. */
export const cardPresentPlaces: Population = {
  id: 'places',
  statuses: 'counted',
  includes: (tx) =>
    isCardPresent(tx) &&
    debits.includes(tx) &&
    tx.merchant?.latitude !== undefined &&
    tx.merchant.longitude !== undefined,
};

/** Debits that were refused, but not for one of these reasons. */
export const declinesBut = (technical: readonly string[]): Population => ({
  id: `declines-${technical.join('-')}`,
  statuses: 'declined',
  includes: (tx) =>
    tx.direction === 'debit' &&
    tx.status === 'declined' &&
    !(tx.declineReason !== undefined && technical.includes(tx.declineReason)),
});

/** Debits that somebody tried, whether or not they were approved. */
export const attempts: Population = {
  id: 'attempts',
  statuses: 'attempted',
  includes: (tx) => tx.direction === 'debit' && tx.status !== 'reversed',
};

/** Those of at most this amount, in major units of their own currency. */
export const upTo = (major: number, of: Population): Population => ({
  id: `${of.id}<=${major}`,
  statuses: of.statuses,
  includes: (tx) => of.includes(tx) && tx.amount.minor <= minorOf(major, tx.amount.currency),
});
