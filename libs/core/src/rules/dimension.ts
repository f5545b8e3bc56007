import type { Transaction } from '../transaction.ts';

/** The card as the bank's token names it; its last four digits where there is no token. */
export const cardOf = (tx: Transaction): string | undefined => tx.card?.token ?? tx.card?.last4;

export const merchantOf = (tx: Transaction): string | undefined => tx.merchant?.id ?? tx.merchant?.name;

/** What a window can be kept for, and what can be new. Undefined: the transaction does not say. */
export const dimensions = {
  account: () => '',
  card: cardOf,
  /** The card, or the account as a whole where the bank names no card. */
  'card-or-account': (tx: Transaction) => cardOf(tx) ?? '',
  device: (tx: Transaction) => tx.device?.id,
  ip: (tx: Transaction) => tx.device?.ip,
  payee: (tx: Transaction) => (tx.direction === 'debit' ? tx.counterparty?.account : undefined),
  merchant: merchantOf,
  terminal: (tx: Transaction) => tx.merchant?.terminalId,
  country: (tx: Transaction) => tx.merchant?.country,
  mcc: (tx: Transaction) => tx.merchant?.mcc,
} satisfies Record<string, (tx: Transaction) => string | undefined>;

export type Dimension = keyof typeof dimensions;
