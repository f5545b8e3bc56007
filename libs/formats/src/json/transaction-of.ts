import { cleanText, parseAmount, parseOccurredAt, parseSignedAmount } from '@tocsin/core';
import type { Money, Occurred, Transaction, TransactionContract, Warning } from '@tocsin/core';

/*
 * From the contract's words to the canonical transaction. The input conforms to the contract, so what is parsed here
 * parses; null and missing are the same. A field is set only when it is known.
 */

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Some<T> = T extends undefined ? never : T;

const conforming = <T extends object>(parsed: T | string): T => {
  if (typeof parsed === 'string') throw new Error('The value does not conform to the contract.');
  return parsed;
};

/** Text of people, cleaned; undefined when nothing is left of it. */
function text(value: string, path: string, warnings: Warning[]): string | undefined {
  const cleaned = cleanText(value);
  if (cleaned.masked > 0) warnings.push({ code: 'PAN_IN_FIELD', path });
  return cleaned.text === '' ? undefined : cleaned.text;
}

function merchantOf(from: Some<TransactionContract['merchant']>, warnings: Warning[]): Transaction['merchant'] {
  if (from === null) return undefined;
  const merchant: Mutable<NonNullable<Transaction['merchant']>> = {};
  if (from.id != null) merchant.id = from.id;
  const name = from.name == null ? undefined : text(from.name, 'merchant.name', warnings);
  if (name !== undefined) merchant.name = name;
  if (from.mcc != null) merchant.mcc = from.mcc;
  if (from.country != null) merchant.country = from.country;
  const city = from.city == null ? undefined : text(from.city, 'merchant.city', warnings);
  if (city !== undefined) merchant.city = city;
  if (from.latitude != null) merchant.latitude = from.latitude;
  if (from.longitude != null) merchant.longitude = from.longitude;
  if (from.terminalId != null) merchant.terminalId = from.terminalId;
  return merchant;
}

function counterpartyOf(
  from: Some<TransactionContract['counterparty']>,
  warnings: Warning[],
): Transaction['counterparty'] {
  if (from === null) return undefined;
  const counterparty: Mutable<NonNullable<Transaction['counterparty']>> = {};
  const name = from.name == null ? undefined : text(from.name, 'counterparty.name', warnings);
  if (name !== undefined) counterparty.name = name;
  if (from.account != null) counterparty.account = from.account;
  if (from.country != null) counterparty.country = from.country;
  return counterparty;
}

function cardOf(from: Some<TransactionContract['card']>): Transaction['card'] {
  if (from === null) return undefined;
  const card: Mutable<NonNullable<Transaction['card']>> = {};
  if (from.token != null) card.token = from.token;
  if (from.last4 != null) card.last4 = from.last4;
  if (from.entryMode != null) card.entryMode = from.entryMode;
  if (from.pinVerified != null) card.pinVerified = from.pinVerified;
  if (from.threeDs != null) card.threeDs = from.threeDs;
  return card;
}

function deviceOf(from: Some<TransactionContract['device']>): Transaction['device'] {
  if (from === null) return undefined;
  const device: Mutable<NonNullable<Transaction['device']>> = {};
  if (from.id != null) device.id = from.id;
  if (from.ip != null) device.ip = from.ip;
  return device;
}

/** @throws when `from` does not conform to the contract */
export function transactionOf(from: TransactionContract, warnings: Warning[]): Transaction {
  const occurred = conforming<Occurred>(parseOccurredAt(from.occurredAt));
  const transaction: Mutable<Transaction> = {
    id: from.id,
    lifecycleId: from.lifecycleId ?? from.id,
    accountId: from.accountId,
    occurredAt: occurred.at,
    precision: occurred.precision,
    amount: conforming<Money>(parseAmount(from.amount.value, from.amount.currency)),
    direction: from.direction,
    status: from.status ?? 'booked',
  };
  if (from.customerId != null) transaction.customerId = from.customerId;
  if (from.valueDate != null) transaction.valueDate = from.valueDate;
  if (from.channel != null) transaction.channel = from.channel;
  const merchant = from.merchant === undefined ? undefined : merchantOf(from.merchant, warnings);
  if (merchant !== undefined) transaction.merchant = merchant;
  const counterparty = from.counterparty === undefined ? undefined : counterpartyOf(from.counterparty, warnings);
  if (counterparty !== undefined) transaction.counterparty = counterparty;
  const card = from.card === undefined ? undefined : cardOf(from.card);
  if (card !== undefined) transaction.card = card;
  const device = from.device === undefined ? undefined : deviceOf(from.device);
  if (device !== undefined) transaction.device = device;
  if (from.balanceAfter != null) {
    transaction.balanceAfter = conforming<Money>(
      parseSignedAmount(from.balanceAfter.value, from.balanceAfter.currency),
    );
  }
  const declineReason = from.declineReason == null ? undefined : text(from.declineReason, 'declineReason', warnings);
  if (declineReason !== undefined) transaction.declineReason = declineReason;
  if (from.reversalOf != null) transaction.reversalOf = from.reversalOf;
  const code =
    from.bankTransactionCode == null ? undefined : text(from.bankTransactionCode, 'bankTransactionCode', warnings);
  if (code !== undefined) transaction.bankTransactionCode = code;
  const reference = from.reference == null ? undefined : text(from.reference, 'reference', warnings);
  if (reference !== undefined) transaction.reference = reference;
  return transaction;
}
