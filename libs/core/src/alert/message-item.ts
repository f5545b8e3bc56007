import type { MessageItem } from '../records/delivery.ts';
import type { Money, Transaction } from '../transaction.ts';

const longestName = 80;

/** What there is to tell of a transaction; which of it may leave is decided where it leaves. */
export function itemOf(transaction: Transaction): MessageItem {
  const { amount, merchant, counterparty, card, balanceAfter, occurredAt, precision } = transaction;
  return {
    amount,
    time: { at: occurredAt, precision },
    ...(merchant?.name === undefined ? {} : { merchant: merchant.name.slice(0, longestName) }),
    ...(merchant?.country === undefined && merchant?.city === undefined
      ? {}
      : {
          place: {
            ...(merchant.country === undefined ? {} : { country: merchant.country }),
            ...(merchant.city === undefined ? {} : { city: merchant.city.slice(0, longestName) }),
          },
        }),
    ...(card?.last4 === undefined ? {} : { last4: card.last4 }),
    ...(balanceAfter === undefined ? {} : { balance: balanceAfter }),
    ...(counterparty?.name === undefined ? {} : { payee: counterparty.name.slice(0, longestName) }),
  };
}

/** Adds to the sum of the same currency; at most five currencies are kept apart. */
export function addSum(sums: readonly Money[], amount: Money): Money[] {
  if (sums.some(({ currency }) => currency === amount.currency)) {
    return sums.map((sum) => (sum.currency === amount.currency ? { ...sum, minor: sum.minor + amount.minor } : sum));
  }
  return sums.length < 5 ? [...sums, amount] : [...sums];
}
