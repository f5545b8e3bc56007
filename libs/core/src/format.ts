import type {
  AccountEventRecord,
  AccountHoldersRecord,
  AccountSettingsRecord,
  BankAnswerRecord,
  LabelRecord,
} from './records/account.ts';
import type { Transaction } from './transaction.ts';
import type { Instant } from './time.ts';

/** Every code with which a bank's record can be rejected (reference list in docs/operating.md, generated). */
export const rejectCodes = [
  'RECORD_EMPTY',
  'RECORD_TOO_LARGE',
  'RECORD_TOO_DEEP',
  'ENCODING_INVALID',
  'JSON_INVALID',
  'SCHEMA_INVALID',
  'FORMAT_UNKNOWN',
  'TENANT_UNKNOWN',
  'REF_MISSING',
  'ACCOUNT_MISSING',
  'ACCOUNT_INVALID',
  'AMOUNT_MISSING',
  'AMOUNT_INVALID',
  'AMOUNT_NEGATIVE',
  'AMOUNT_RANGE',
  'CURRENCY_MISSING',
  'CURRENCY_UNKNOWN',
  'DIRECTION_MISSING',
  'STATUS_UNKNOWN',
  'TIME_MISSING',
  'TIME_INVALID',
  'TIME_FUTURE',
  'DUPLICATE_CONFLICT',
] as const;
export type RejectCode = (typeof rejectCodes)[number];

/** Why a record was rejected; the sentence never quotes the content beyond the offending token's kind. */
export interface Rejection {
  readonly code: RejectCode;
  /** Field path such as `amount.value`; empty for the whole record. */
  readonly path: string;
  readonly reason: string;
}

export const warningCodes = ['UNKNOWN_FIELD', 'PAN_IN_FIELD'] as const;

export interface Warning {
  readonly code: (typeof warningCodes)[number];
  readonly path: string;
}

type Unplaced<Placed> = Placed extends unknown ? Omit<Placed, 'tenantId' | 'acceptedAt'> : never;

/** A record of `account-events` that is no transaction, before it is known whose it is and when it was accepted. */
export type AccountInput = Unplaced<
  AccountEventRecord | AccountHoldersRecord | AccountSettingsRecord | LabelRecord | BankAnswerRecord
>;

export interface Decoded {
  readonly transactions: readonly Transaction[];
  /** What formats of account events and bank answers yield beside or instead of transactions. */
  readonly events?: readonly AccountInput[];
  readonly warnings: readonly Warning[];
  /** In field order of the contract; the first one is reported, all are listed. */
  readonly rejections: readonly Rejection[];
}

/** A format plug-in: a pure function from a bank's bytes to canonical transactions. */
export interface Format<Options extends object = object> {
  readonly id: string;
  readonly title: string;
  readonly options: new () => Options;
  /** `receivedAt` is the log's time of the bank's record. Never throws on content. */
  decode(
    value: Uint8Array | null,
    headers: Readonly<Record<string, Uint8Array>>,
    options: Options,
    receivedAt: Instant,
  ): Decoded;
}

export const defineFormat = <Options extends object>(format: Format<Options>): Format<Options> => format;
