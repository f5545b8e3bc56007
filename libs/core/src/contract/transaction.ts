import type { Direction, EntryMode, PaymentChannel, Status } from '../transaction.ts';
import { Optional, Part, Required } from './paired.ts';
import {
  Amount,
  Between,
  Country,
  Currency,
  Digits,
  Flag,
  Identifier,
  IsoDate,
  OccurredAt,
  OneOf,
  Text,
} from './vocabulary.ts';

export const directions: readonly Direction[] = ['debit', 'credit'];
export const statuses: readonly Status[] = ['authorised', 'declined', 'pending', 'booked', 'reversed'];
export const paymentChannels: readonly PaymentChannel[] = [
  'card-present',
  'card-not-present',
  'atm',
  'transfer',
  'direct-debit',
  'cash',
  'cheque',
  'fee',
  'interest',
  'wallet',
  'other',
];
export const entryModes: readonly EntryMode[] = ['chip', 'contactless', 'stripe', 'fallback', 'keyed', 'ecommerce'];

/** A decimal string and its currency: `{ "value": "12.34", "currency": "USD" }`. */
export class MoneyContract {
  @Required('AMOUNT_MISSING') @Amount() value!: string;
  @Required('CURRENCY_MISSING') @Currency() currency!: string;
}

/** The same with a minus sign allowed. */
export class BalanceContract {
  @Required('AMOUNT_MISSING') @Amount('signed') value!: string;
  @Required('CURRENCY_MISSING') @Currency() currency!: string;
}

export class MerchantContract {
  @Optional() @Identifier() id?: string | null;
  @Optional() @Text() name?: string | null;
  /** ISO 18245 merchant category. */
  @Optional() @Digits(4) mcc?: string | null;
  @Optional() @Country() country?: string | null;
  @Optional() @Text() city?: string | null;
  /** Degrees, WGS 84. */
  @Optional() @Between(-90, 90) latitude?: number | null;
  @Optional() @Between(-180, 180) longitude?: number | null;
  @Optional() @Identifier() terminalId?: string | null;
}

export class CounterpartyContract {
  @Optional() @Text() name?: string | null;
  @Optional() @Identifier() account?: string | null;
  @Optional() @Country() country?: string | null;
}

export class CardContract {
  /** The bank's own token; never a card number. */
  @Optional() @Identifier() token?: string | null;
  @Optional() @Digits(4) last4?: string | null;
  @Optional() @OneOf(entryModes) entryMode?: EntryMode | null;
  @Optional() @Flag() pinVerified?: boolean | null;
  @Optional() @Flag() threeDs?: boolean | null;
}

export class DeviceContract {
  @Optional() @Identifier() id?: string | null;
  @Optional() @Identifier() ip?: string | null;
}

/**
 * The canonical transaction as a bank sends it, one JSON object per record: the only outside contract for transactions.
 * Unknown fields are dropped and counted; null in an optional field means that it is missing. The order of the fields is
 * the order in which problems are reported.
 */
export class TransactionContract {
  @Required('REF_MISSING') @Identifier() id!: string;
  @Optional() @Identifier() lifecycleId?: string | null;
  @Required('ACCOUNT_MISSING') @Identifier('ACCOUNT_INVALID') accountId!: string;
  @Optional() @Identifier() customerId?: string | null;
  @Required('TIME_MISSING') @OccurredAt() occurredAt!: string;
  @Optional() @IsoDate() valueDate?: string | null;
  @Required('AMOUNT_MISSING') @Part(() => MoneyContract) amount!: MoneyContract;
  @Required('DIRECTION_MISSING') @OneOf(directions) direction!: Direction;
  /** Default booked. */
  @Optional() @OneOf(statuses, 'STATUS_UNKNOWN') status?: Status | null;
  @Optional() @OneOf(paymentChannels) channel?: PaymentChannel | null;
  @Optional() @Part(() => MerchantContract) merchant?: MerchantContract | null;
  @Optional() @Part(() => CounterpartyContract) counterparty?: CounterpartyContract | null;
  @Optional() @Part(() => CardContract) card?: CardContract | null;
  @Optional() @Part(() => DeviceContract) device?: DeviceContract | null;
  @Optional() @Part(() => BalanceContract) balanceAfter?: BalanceContract | null;
  @Optional() @Text() declineReason?: string | null;
  @Optional() @Identifier() reversalOf?: string | null;
  @Optional() @Text() bankTransactionCode?: string | null;
  @Optional() @Text() reference?: string | null;
}
