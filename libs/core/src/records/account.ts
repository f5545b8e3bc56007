import type { Instant } from '../time.ts';
import type { Money, Transaction } from '../transaction.ts';
import type { BankRecord, RawRecord } from './raw-record.ts';

/*
 * Records of `account-events`, keyed tenant:account. Read by `detect`.
 * `id` of a record from outside (bank, gateway) is its idempotency key; applied ids are remembered for 7 days.
 */

/** Where a bank's record stood. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface TransactionRecord {
  readonly type: 'transaction';
  readonly version: 1;
  readonly tenantId: string;
  readonly transaction: Transaction;
  /** The log's time of the bank's record; ages count from here. */
  readonly receivedAt: Instant;
  readonly origin: Origin;
  /** Transactions that happened before this feed history and alert nobody. */
  readonly alertsFrom?: Instant;
  /**
   * Of the bank's record, so that a contradiction can be rejected with what the bank sent: whatever differs from a record
   * keyed by account and without headers. Its value is in the header `bankValueHeader`, where it holds this one transaction.
   */
  readonly bank?: BankRecord;
  /** The same as build 0.1.0 wrote it. */
  readonly raw?: RawRecord;
}

export const accountEventKinds = [
  'contact-changed',
  'credentials-changed',
  'login-locked',
  'card-status',
  'device-added',
  'payee-added',
  'payment-due',
  'payment-posted',
  'statement-ready',
  'transfer-status',
  'scheduled-payment',
  'balance-snapshot',
  'merchant-order',
  'shipment-update',
] as const;
export type AccountEventKind = (typeof accountEventKinds)[number];

/** A thing that happened on an account and is no transaction (kept for rules to come). */
export interface AccountEventRecord {
  readonly type: 'account-event';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly kind: AccountEventKind;
  readonly accountId: string;
  readonly customerId?: string;
  readonly occurredAt: Instant;
  readonly acceptedAt: Instant;
  readonly data: Readonly<Record<string, unknown>>;
}

export const holderRoles = ['owner', 'joint', 'additional-cardholder', 'guardian'] as const;
export type HolderRole = (typeof holderRoles)[number];

/** Replaces the list of holders. */
export interface AccountHoldersRecord {
  readonly type: 'account-holders';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  readonly acceptedAt: Instant;
  readonly holders: readonly { readonly customerId: string; readonly role: HolderRole }[];
}

export interface AccountSettingsRecord {
  readonly type: 'account-settings';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  readonly acceptedAt: Instant;
  /** Home country, ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly openedOn?: string;
  readonly currency?: string;
}

/** One customer condition as a holder set it: off, or on with an amount where the condition has one. */
export interface ConditionSetting {
  readonly on: boolean;
  /** Threshold in the account's currency. */
  readonly amount?: Money;
}

/** What one holder wants to be told about one account; replaces what that holder set before. */
export interface ConditionsRecord {
  readonly type: 'conditions';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  readonly customerId: string;
  readonly acceptedAt: Instant;
  readonly conditions: Readonly<Record<string, ConditionSetting>>;
}

/** What somebody says of a transaction afterwards: written by `alert` when a customer answers, or by the bank. */
export interface LabelRecord {
  readonly type: 'label';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  readonly transactionId: string;
  readonly label: 'fraud' | 'genuine';
  /** `customer` for an answer to a question; `analyst`, `chargeback` from the bank. */
  readonly source: 'customer' | 'analyst' | 'chargeback';
  readonly customerId?: string;
  /** When it was said. */
  readonly at: Instant;
}

/** The bank's answer to a request of ours, routed by account; `detect` passes it on to every holder. */
export interface BankAnswerRecord {
  readonly type: 'bank-answer';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  readonly requestId: string;
  readonly answer: 'accepted' | 'refused';
  readonly why?: string;
  readonly acceptedAt: Instant;
}

export const ruleModes = ['off', 'shadow', 'live'] as const;
export type RuleMode = (typeof ruleModes)[number];

/** A rule set: which rules run, how, with what weight and parameters. Immutable; at most 256 KiB. */
export interface RuleSet {
  readonly id: string;
  /** From one counter per tenant; a partition ignores a version not above its own. */
  readonly version: number;
  /** Rules not named run live with their defaults. */
  readonly rules: Readonly<
    Record<
      string,
      { readonly mode?: RuleMode; readonly weight?: number; readonly parameters?: Readonly<Record<string, unknown>> }
    >
  >;
}

/** Broadcast: appended whole to every partition. Emits nothing. */
export interface RuleSetRecord {
  readonly type: 'rule-set';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly ruleSet: RuleSet;
}

export type AccountRecord =
  | TransactionRecord
  | AccountEventRecord
  | AccountHoldersRecord
  | AccountSettingsRecord
  | ConditionsRecord
  | LabelRecord
  | BankAnswerRecord
  | RuleSetRecord;
