import type { Instant } from './time.ts';

/** Integer minor units (never negative on a transaction) and an ISO 4217 code. */
export interface Money {
  readonly minor: number;
  readonly currency: string;
}

export type Direction = 'debit' | 'credit';
export type Status = 'authorised' | 'declined' | 'pending' | 'booked' | 'reversed';
export type PaymentChannel =
  | 'card-present'
  | 'card-not-present'
  | 'atm'
  | 'transfer'
  | 'direct-debit'
  | 'cash'
  | 'cheque'
  | 'fee'
  | 'interest'
  | 'wallet'
  | 'other';
export type EntryMode = 'chip' | 'contactless' | 'stripe' | 'fallback' | 'keyed' | 'ecommerce';

/** The canonical transaction as the stages see it: validated, times as instants, money in minor units. Absent means unknown. */
export interface Transaction {
  readonly id: string;
  /** Joins pending, authorised, booked and reversed of one payment; the id where the bank gives none. */
  readonly lifecycleId: string;
  readonly accountId: string;
  readonly customerId?: string;
  readonly occurredAt: Instant;
  /** `date` when the bank gave a day only: rules that need a time then do not apply. */
  readonly precision: 'instant' | 'date';
  /** ISO date. */
  readonly valueDate?: string;
  readonly amount: Money;
  readonly direction: Direction;
  readonly status: Status;
  readonly channel?: PaymentChannel;
  readonly merchant?: {
    readonly id?: string;
    readonly name?: string;
    readonly mcc?: string;
    readonly country?: string;
    readonly city?: string;
    readonly latitude?: number;
    readonly longitude?: number;
    readonly terminalId?: string;
  };
  readonly counterparty?: { readonly name?: string; readonly account?: string; readonly country?: string };
  readonly card?: {
    readonly token?: string;
    readonly last4?: string;
    readonly entryMode?: EntryMode;
    readonly pinVerified?: boolean;
    readonly threeDs?: boolean;
  };
  readonly device?: { readonly id?: string; readonly ip?: string };
  readonly balanceAfter?: { readonly minor: number; readonly currency: string };
  readonly declineReason?: string;
  readonly reversalOf?: string;
  readonly bankTransactionCode?: string;
  readonly reference?: string;
}
