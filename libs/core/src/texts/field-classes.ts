import type { DataClass } from '../consent.ts';

/** Which class each field of a message belongs to. `kind` is that something happened at all. */
export const fieldClasses = {
  kind: 'existence',
  count: 'existence',
  reason: 'existence',
  amount: 'amount',
  sum: 'amount',
  merchant: 'merchant',
  place: 'place',
  time: 'time',
  last4: 'last4',
  cards: 'last4',
  balance: 'balance',
  payee: 'payee',
} as const satisfies Readonly<Record<string, DataClass>>;

export type MessageField = keyof typeof fieldClasses;

/** What may still stand on a screen that anybody can see (`privacy: hidden`): that something happened, and when. */
export const unhiddenClasses: readonly DataClass[] = ['existence', 'time'];
