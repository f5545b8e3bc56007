import { Hash53 } from '../rules/hash.ts';
import type { Transaction } from '../transaction.ts';

/**
 * What a transaction says, as a number: two records with the same id and status and another number contradict each other.
 * All canonical fields count but the id, which is compared itself, and the status, which may change. A part without fields
 * (`merchant: {}`) says as much as none.
 */
export function contentHash(tx: Transaction): number {
  const { merchant, counterparty, card, device, balanceAfter } = tx;
  return new Hash53()
    .text(tx.lifecycleId)
    .text(tx.accountId)
    .text(tx.customerId)
    .number(tx.occurredAt)
    .text(tx.precision)
    .text(tx.valueDate)
    .number(tx.amount.minor)
    .text(tx.amount.currency)
    .text(tx.direction)
    .text(tx.channel)
    .text(merchant?.id)
    .text(merchant?.name)
    .text(merchant?.mcc)
    .text(merchant?.country)
    .text(merchant?.city)
    .number(merchant?.latitude)
    .number(merchant?.longitude)
    .text(merchant?.terminalId)
    .text(counterparty?.name)
    .text(counterparty?.account)
    .text(counterparty?.country)
    .text(card?.token)
    .text(card?.last4)
    .text(card?.entryMode)
    .flag(card?.pinVerified)
    .flag(card?.threeDs)
    .text(device?.id)
    .text(device?.ip)
    .number(balanceAfter?.minor)
    .text(balanceAfter?.currency)
    .text(tx.declineReason)
    .text(tx.reversalOf)
    .text(tx.bankTransactionCode)
    .text(tx.reference).value;
}
