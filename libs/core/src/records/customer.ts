import type { ChannelId, ConsentChange, DataClass, Purpose } from '../consent.ts';
import type { Instant } from '../time.ts';
import type { Transaction } from '../transaction.ts';

/* Records of `customer-events`, keyed tenant:customer. Read by `alert`. */

/** A rule that fired, with what it saw. */
export interface FiredRule {
  readonly rule: string;
  readonly ruleVersion: string;
  readonly family: string;
  /** `TC-VELOCITY-COUNT.1H` */
  readonly code: string;
  readonly score: number;
  /** One sentence for staff: `3 payments within 1 hour`. */
  readonly summary: string;
  /** Observed values, thresholds, windows. */
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly audience: 'customer' | 'staff';
  readonly severity: Severity;
}

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';

/** A condition of the customer's own that holds. */
export interface FiredCondition {
  /** `purchase-over`, `balance-below`, `deposit`, `international-use` … */
  readonly condition: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** What `detect` found about one transaction, for one holder of the account. */
export interface FindingRecord {
  readonly type: 'finding';
  readonly version: 1;
  /** tenant/account/transaction/recipient */
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  /** The holder; `account/<accountId>` when nobody is known. */
  readonly customerId: string;
  readonly transaction: Transaction;
  /** Noisy-OR over the live rules that fired, 0 to 1; 0 when only conditions hold. */
  readonly score: number;
  /** By contribution, largest first. */
  readonly fired: readonly FiredRule[];
  readonly conditions: readonly FiredCondition[];
  /** Fired rules in shadow mode: counted, never told. */
  readonly shadow: readonly FiredRule[];
  readonly notApplicable: readonly { readonly rule: string; readonly missing: readonly string[] }[];
  readonly ruleSetVersion: number;
  readonly receivedAt: Instant;
  /** Append time of the transaction in `account-events`. */
  readonly decidedAt: Instant;
}

export interface ContactPoint {
  /** E.164, e-mail address, page-scoped id … */
  readonly address: string;
  readonly verified: boolean;
}

/** Who the customer is to us: replaces what stood, except consents, which are changed by their own records. */
export interface ProfileRecord {
  readonly type: 'profile';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly acceptedAt: Instant;
  readonly language: string;
  /** IANA zone. */
  readonly timeZone: string;
  /** By channel id. Messenger's comes by linking, see `LinkRecord`. */
  readonly contactPoints: Readonly<Record<ChannelId, ContactPoint>>;
  /** Channels in the order in which the customer wants to be reached. */
  readonly channelOrder: readonly ChannelId[];
}

export interface ConsentRecord {
  readonly type: 'consent';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly acceptedAt: Instant;
  readonly changes: readonly ConsentChange[];
}

/** Choices of the customer about how alerts come. Times are spans in milliseconds. */
export interface PreferencesRecord {
  readonly type: 'preferences';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly acceptedAt: Instant;
  /** Wait for more of the same before sending (groupWait), and the least span between two groups (groupInterval); by alert type or `*`. */
  readonly grouping?: Readonly<Record<string, { readonly waitMs: number; readonly intervalMs: number }>>;
  /** Cool-down by alert type or `*`. */
  readonly coolDownMs?: Readonly<Record<string, number>>;
  /** Texts without amount, merchant and last4, by channel or `*`. */
  readonly privacy?: Readonly<Record<string, 'shown' | 'hidden'>>;
}

/** An address of a third-party messenger was tied to the customer, or untied. */
export interface LinkRecord {
  readonly type: 'link';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly acceptedAt: Instant;
  readonly channel: ChannelId;
  readonly address: string;
  readonly linked: boolean;
}

/** Something the customer sent to us on a channel. The text was masked (no card number) before it was stored. */
export interface ReplyRecord {
  readonly type: 'reply';
  readonly version: 1;
  /** The provider's message id, prefixed by the channel. */
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly channel: ChannelId;
  readonly address: string;
  readonly text?: string;
  /** `Q:<questionId>:Y|N` from a button. */
  readonly payload?: string;
  readonly at: Instant;
  readonly acceptedAt: Instant;
  readonly providerHandled?: 'stop' | 'start' | 'help';
  readonly opensWindow: boolean;
  /** Another application owns the conversation: it counts for STOP, for the window and as a tap on a button of ours, and is never answered. */
  readonly standby?: boolean;
  /** A tap that only opened the conversation: it counts for the window, and says nothing. */
  readonly opening?: boolean;
  /**
   * The address is also another customer's, who was tied to it later and is answered: to this one it counts where it stops
   * the channel, says NO, or names a question.
   */
  readonly shared?: boolean;
}

/** What became of a delivery, from `deliver`; or what the provider said later, from the gateway. */
export interface ReceiptRecord {
  readonly type: 'receipt';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly channel: ChannelId;
  /** Set by `deliver`; a provider's receipt is matched by `ref`, by `key` where it gives back nothing else, or by `watermarkAt`. */
  readonly deliveryId?: string;
  readonly alertId?: string;
  readonly ref?: string;
  /** `providerKey` of the delivery, where the provider gives it back: settles a send whose outcome was unknown. */
  readonly key?: string;
  readonly watermarkAt?: Instant;
  readonly state: ReceiptState;
  readonly code?: string;
  readonly untilAt?: Instant;
  /** Of `badAddress`: `sourceOffset` of the contact whose address was tried. Absent in records of earlier builds. */
  readonly contactOffset?: number;
  readonly at: Instant;
  /** Field names that left, for history and pages. */
  readonly disclosed?: readonly string[];
}

export type ReceiptState =
  | 'accepted'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'failed'
  | 'permanent'
  | 'badAddress'
  | 'ineligible'
  | 'unknown'
  | 'expired'
  /** Consent, barrier or kill switch forbade it at the last moment. */
  | 'revoked';

/** `detect` passed on the bank's answer to a request. */
export interface CustomerBankAnswerRecord {
  readonly type: 'bank-answer';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  readonly customerId: string;
  readonly requestId: string;
  readonly answer: 'accepted' | 'refused';
  readonly why?: string;
}

/** `alert` wrote a request to the bank; its append time starts the clock for the answer. Written by `alert` to itself. */
export interface RequestSentRecord {
  readonly type: 'request-sent';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly requestId: string;
}

/** How a tenant wants to treat its customers: names, channels, legal bases, alert types. Immutable, at most 256 KiB. */
export interface TenantPolicy {
  readonly id: string;
  readonly version: number;
  /** The bank's name as it stands in texts, at most 12 characters. */
  readonly bankName: string;
  readonly defaultLanguage: string;
  readonly defaultTimeZone: string;
  /** Channels that may be used at all, and the most that each may disclose. */
  readonly channels: Readonly<
    Record<ChannelId, { readonly allowed: boolean; readonly maxClasses?: readonly DataClass[] }>
  >;
  /** Legal basis without consent, by purpose: on which channels (never third-party messengers). */
  readonly legalBasis: Readonly<
    Partial<Record<Purpose, { readonly basis: string; readonly channels: readonly ChannelId[] }>>
  >;
  /** Score from which a customer is asked. Default 0.5. */
  readonly alertScore?: number;
  /** How long the bank may take to answer a request. Default 30 s. */
  readonly answerWithinMs?: number;
}

/** Broadcast: appended whole to every partition. Emits nothing. */
export interface TenantPolicyRecord {
  readonly type: 'tenant-policy';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly policy: TenantPolicy;
}

export type CustomerRecord =
  | FindingRecord
  | ProfileRecord
  | ConsentRecord
  | PreferencesRecord
  | LinkRecord
  | ReplyRecord
  | ReceiptRecord
  | CustomerBankAnswerRecord
  | RequestSentRecord
  | TenantPolicyRecord;
