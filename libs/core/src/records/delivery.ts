import type { Outcome } from '../channel.ts';
import type { Barrier } from '../ports/barriers.ts';
import type { ChannelId, DataClass, Purpose } from '../consent.ts';
import type { Instant } from '../time.ts';
import type { Money } from '../transaction.ts';
import type { TenantPolicyRecord } from './customer.ts';

/* Records of `deliveries.<channel>.<lane>`, keyed tenant:customer. Read by `deliver`. */

export const lanes = ['urgent', 'routine'] as const;
/** `urgent` is P0 (fraud, security, answers to the customer); `routine` is P1 to P3. */
export type Lane = (typeof lanes)[number];

/** Texts that can be sent; each exists for every subset of allowed fields, down to `existence` alone. */
export const messageKinds = [
  'fraud-check',
  'purchase-over',
  'balance-below',
  'deposit',
  'international-use',
  'answer-yes',
  'freeze-done',
  'freeze-failed',
  'freeze-waiting',
  'already-answered',
  'clarification',
  'which-card',
  'late-answer',
  'stop-confirmation',
  'start-confirmation',
  'help',
  'agent',
] as const;
export type MessageKind = (typeof messageKinds)[number];

/** One transaction in a message. Each field belongs to one data class (see `fieldClasses`). */
export interface MessageItem {
  readonly amount?: Money;
  readonly merchant?: string;
  readonly place?: { readonly country?: string; readonly city?: string };
  readonly time?: { readonly at: Instant; readonly precision: 'instant' | 'date' };
  readonly last4?: string;
  readonly balance?: Money;
  readonly payee?: string;
}

/** What there is to tell. `deliver` decides at the moment of sending which of it may leave. */
export interface MessageContent {
  readonly kind: MessageKind;
  /** Newest first; a grouped message has several. */
  readonly items: readonly MessageItem[];
  /** Further transactions that no longer fit into `items`; their sums by currency, where known (class `amount`). */
  readonly more?: { readonly count: number; readonly sums: readonly Money[] };
  /** Rule ids whose customer sentence gives the reason, or further conditions that held. */
  readonly reasons: readonly string[];
  /** Cards to choose from (`which-card`). */
  readonly cards?: readonly string[];
  /** What was said of one of them, where it was not NO. */
  readonly answer?: 'yes';
  /** Set on questions: the opaque id that buttons carry. */
  readonly questionId?: string;
  /** An earlier attempt may have arrived: the text says so. */
  readonly mayRepeat?: boolean;
}

/** `alert` wants this told on this channel. */
export interface DeliveryRecord {
  readonly type: 'delivery';
  readonly version: 1;
  /** <alertId>/<channel>/<n> */
  readonly id: string;
  readonly alertId: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly channel: ChannelId;
  readonly lane: Lane;
  /** 0 (P0) to 3 (P3); lower leaves first. */
  readonly priority: 0 | 1 | 2 | 3;
  readonly purpose: Purpose;
  readonly content: MessageContent;
  /** Stale after that: not sent, reported `expired`. */
  readonly expiresAt: Instant;
  /** The one confirmation of a STOP, and the answer to HELP, may leave although the channel is stopped. */
  readonly evenIfStopped?: boolean;
  /** The bank's record that caused it, for `tocsin_alert_seconds`. */
  readonly receivedAt?: Instant;
  /** The alert that this answers or is, for history. */
  readonly accountId?: string;
  /**
   * The same delivery once more, empty: nobody needs to hear it any more. What has not left yet never does. A build that does
   * not know this takes it for a copy, and drops it.
   */
  readonly withdrawn?: boolean;
}

/** `deliver`'s own copy of what decides a send, written by `alert` whenever it changes. Replaces the one before. */
export interface ContactRecord {
  readonly type: 'contact';
  readonly version: 1;
  /** tenant/customer/channel */
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly channel: ChannelId;
  /** Offset in `customer-events` of the record that made it; compared with barriers. */
  readonly sourceOffset: number;
  /** Null: no (valid) address on this channel. */
  readonly address: string | null;
  readonly windowExpiresAt?: Instant;
  readonly language: string;
  readonly timeZone: string;
  /** The customer stopped the whole channel. */
  readonly stopped: boolean;
  readonly privacy: 'shown' | 'hidden';
  /** What may be disclosed here, by purpose. */
  readonly allowed: Readonly<Partial<Record<Purpose, Allowance>>>;
}

/** What may be told on a channel for a purpose, and on what ground. */
export interface Allowance {
  readonly classes: readonly DataClass[];
  /** Consent record id or legal basis: that of `existence`, on which the message is sent at all. */
  readonly ground: Ground;
  /** Where that is a consent: those of the classes that rest on the legal basis of the purpose. */
  readonly byBasis?: readonly DataClass[];
}

/**
 * Something was taken back or allowed again: what the barrier says at once, in the sender's own log, because the store of
 * barriers can fall back to before it. Written by the gateway before it answers; counts until the contact copy is as new.
 */
export interface BarrierRecord {
  readonly type: 'barrier';
  readonly version: 1;
  /** Of the record in `customer-events` that it stands for. */
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly channel: ChannelId;
  /** Offset of that record. */
  readonly offset: number;
  readonly verdict: Barrier['verdict'];
}

/** On what an item of data may leave. */
export type Ground =
  { readonly kind: 'consent'; readonly consentId: string } | { readonly kind: 'legal-basis'; readonly basis: string };

/** One row of the disclosure ledger, as decided before the bytes leave. Names of fields, never values. */
export interface Disclosure {
  readonly provider: string;
  readonly providerAccount: string;
  readonly channel: ChannelId;
  readonly purpose: Purpose;
  readonly ground: Ground;
  readonly classes: readonly DataClass[];
  /** `amount`, `merchant`, `items[1].amount` … */
  readonly fields: readonly string[];
  readonly template: string;
}

/** The executor is about to send. Durable before the bytes leave; only the owner whose attempt stands first in the log sends. */
export interface AttemptRecord {
  readonly type: 'attempt';
  readonly version: 1;
  /** <deliveryId>#<attempt> */
  readonly id: string;
  readonly deliveryId: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly attempt: number;
  /** Token of the owner that wrote it. */
  readonly by: string;
  /** No outcome by then: unknown. */
  readonly deadlineAt: Instant;
  readonly disclosure: Disclosure;
}

export interface OutcomeRecord {
  readonly type: 'outcome';
  readonly version: 1;
  /** <deliveryId>#<attempt> */
  readonly id: string;
  readonly deliveryId: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly attempt: number;
  /** Token of the owner that wrote it: what another owner says of an attempt that is not its own does not count. */
  readonly by?: string;
  /** Was anything given to the provider? Decides what the ledger says. Absent in records of earlier builds. */
  readonly left?: boolean;
  /** `not-sent`: let go before the first byte (late owner, barrier, breaker). */
  readonly outcome: Outcome | { readonly kind: 'not-sent'; readonly code: string; readonly afterMs?: number };
}

/** An operator sends a dead letter again: the only thing that reopens a delivery. */
export interface RedriveRecord {
  readonly type: 'redrive';
  readonly version: 1;
  readonly id: string;
  readonly deliveryId: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly delivery: DeliveryRecord;
}

export type DeliverRecord =
  DeliveryRecord | ContactRecord | BarrierRecord | AttemptRecord | OutcomeRecord | RedriveRecord | TenantPolicyRecord;
