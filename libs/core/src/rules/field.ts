import type { Transaction } from '../transaction.ts';
import { cardOf, merchantOf } from './dimension.ts';
import type { AccountFacts } from './frame.ts';
import { isCardPresent } from './population.ts';

type Present = (tx: Transaction, account: AccountFacts) => boolean;

/** What a rule can need: canonical fields by their path, and two facts that several fields make together. */
const present = {
  /** A time of day, not the day alone. */
  'occurredAt.time': (tx) => tx.precision === 'instant',
  channel: (tx) => tx.channel !== undefined,
  /** The card was there: a till or a cash machine. */
  'card-present': isCardPresent,
  card: (tx) => cardOf(tx) !== undefined,
  'card.entryMode': (tx) => tx.card?.entryMode !== undefined,
  merchant: (tx) => merchantOf(tx) !== undefined,
  'merchant.mcc': (tx) => tx.merchant?.mcc !== undefined,
  'merchant.country': (tx) => tx.merchant?.country !== undefined,
  'merchant.terminalId': (tx) => tx.merchant?.terminalId !== undefined,
  /** Latitude and longitude. */
  'merchant.place': (tx) => tx.merchant?.latitude !== undefined && tx.merchant.longitude !== undefined,
  'counterparty.account': (tx) => tx.counterparty?.account !== undefined,
  'device.id': (tx) => tx.device?.id !== undefined,
  'device.ip': (tx) => tx.device?.ip !== undefined,
  balanceAfter: (tx) => tx.balanceAfter !== undefined,
  declineReason: (tx) => tx.declineReason !== undefined,
  reference: (tx) => tx.reference !== undefined,
  /** The home country of the account, from its settings. */
  'account.country': (_tx, account) => account.country !== undefined,
} satisfies Record<string, Present>;

export type Field = keyof typeof present;

export const fields = Object.keys(present) as readonly Field[];

export const hasField = (field: Field, tx: Transaction, account: AccountFacts): boolean => present[field](tx, account);

const complete: readonly Field[] = [];

/** Those of the needed fields that the transaction does not have. */
export function missingOf(needs: readonly Field[], tx: Transaction, account: AccountFacts): readonly Field[] {
  for (const need of needs) {
    if (!hasField(need, tx, account)) return needs.filter((field) => !hasField(field, tx, account));
  }
  return complete;
}
