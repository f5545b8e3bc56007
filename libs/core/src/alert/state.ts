import type { ChannelId, ConsentChange, Purpose } from '../consent.ts';
import { keyOf } from '../partition.ts';
import type { ContactPoint, PreferencesRecord, ReceiptState } from '../records/customer.ts';
import type { MessageContent, MessageItem, MessageKind } from '../records/delivery.ts';
import type { Instant } from '../time.ts';
import type { Money } from '../transaction.ts';

/*
 * What `alert` remembers of one customer. Values are plain and changed in place; everything in them is bounded, so that an
 * entry stays under 64 KiB whatever a customer, a bank or an attacker does. `<key>` is tenant:customer.
 *
 *   p:<key>                 who the customer is to us and how to reach them
 *   c:<key>                 consents: what stands, and the ledger behind it
 *   a:<key>                 deliveries under way, receipts that came too early, cool-downs
 *   q:<key>                 questions and requests to the bank
 *   h:<key>                 the last alerts, for pages and queries
 *   g:<key>|<type>|<account>   a group that is gathering
 *   m:<key>|<alertId>       one message, over all its attempts
 *   f:<key>|<findingId>, i:<key>|<recordId>   applied ids
 *   !policy:<tenant>        the tenant's policy
 */

export interface ProfileState {
  tenantId: string;
  customerId: string;
  /** Of the profile record that stands; 0 when none came yet. */
  acceptedAt: Instant;
  language: string;
  timeZone: string;
  contactPoints: Record<ChannelId, ContactPoint>;
  channelOrder: ChannelId[];
  /** Addresses tied by linking; they stand beside those of the profile. A null says when it was untied. */
  links: Record<ChannelId, { address: string | null; acceptedAt: Instant }>;
  preferences: Pick<PreferencesRecord, 'grouping' | 'coolDownMs' | 'privacy'> & { acceptedAt: Instant };
  stops: Record<ChannelId, { stopped: boolean; at: Instant }>;
  /** Until when free messages may be sent. */
  windows: Record<ChannelId, Instant>;
  /** Addresses that the provider called bad. */
  invalid: Record<ChannelId, string>;
  /** Where the address that stands on a channel came from: the `sourceOffset` of its first contact. Absent in states of earlier builds. */
  addressSince?: Record<ChannelId, number>;
  /** Channels that the provider refused for this person, until when. */
  ineligible: Record<ChannelId, Instant>;
  /** Digest of the contact record last written, by channel. */
  contacts: Record<ChannelId, string>;
}

export interface ConsentCell {
  action: 'grant' | 'revoke';
  acceptedAt: Instant;
  consentId: string;
  /** The newest revocation before this grant, where the cell is wide: what such a grant may not give stays taken back. */
  revocation?: { acceptedAt: Instant; consentId: string };
}

export interface ConsentState {
  /** channel|purpose|class, each of which may be `*`: the newest change of that very cell. */
  cells: Record<string, ConsentCell>;
  /** The newest lines of the ledger, oldest first. */
  ledger: ConsentChange[];
  /** Lines that no longer fit. */
  dropped: number;
}

export type TryState = 'pending' | ReceiptState;

/** One attempt to tell a message on one channel: one delivery. */
export interface Try {
  deliveryId: string;
  channel: ChannelId;
  cause: 'first' | 'failover' | 'repeat' | 'reminder';
  state: TryState;
  emittedAt: Instant;
  /** Since when the customer may have seen it; absent until the news of it, and in states of earlier builds. */
  handedOverAt?: Instant;
  /** `deliver` was told that nobody needs to hear it any more; it may have been on its way. */
  withdrawn?: boolean;
}

export interface MessageState {
  alertId: string;
  priority: 0 | 1 | 2 | 3;
  purpose: Purpose;
  content: MessageContent;
  expiresAt: Instant;
  receivedAt?: Instant;
  accountId?: string;
  transactionIds: string[];
  /** An answer in a conversation goes back the way it came, and nowhere else. */
  only?: ChannelId;
  /** Tried before the customer's order. */
  prefer?: ChannelId;
  evenIfStopped?: boolean;
  open: boolean;
  tries: Try[];
}

/** One delivery as receipts find it. */
export interface DeliveryRow {
  deliveryId: string;
  alertId: string;
  channel: ChannelId;
  state: TryState;
  emittedAt: Instant;
  ref?: string;
  /** Not before this time the provider had it; compared with watermarks. */
  sentAt?: Instant;
}

export interface HeldReceipt {
  channel: ChannelId;
  ref?: string;
  key?: string;
  watermarkAt?: Instant;
  state: ReceiptState;
  until: Instant;
}

export interface ActivityState {
  rows: DeliveryRow[];
  held: HeldReceipt[];
  /** Subject to the end of its cool-down. */
  coolDowns: Record<string, Instant>;
  /** Words that nobody understood, masked before they came here: the newest ten. */
  unread: { at: Instant; channel: ChannelId; text: string }[];
  /** No second general answer before this. */
  helpedUntil: Instant;
}

export type QuestionState = 'open' | 'answered-yes' | 'answered-no' | 'expired';

export interface Question {
  id: string;
  alertId: string;
  accountId: string;
  /** Token or last four digits; empty when no card is concerned. */
  card: string;
  cardToken?: string;
  last4?: string;
  /** All that it is about, oldest first. */
  transactionIds: string[];
  /** Newest first, at most five: what a reminder lists. */
  items: MessageItem[];
  /** Sums of those that no longer stand in `items`, by currency. */
  moreSums: Money[];
  reasons: string[];
  /** How many of them, from the oldest, stand in the newest message. An answer says nothing of the others. */
  told: number;
  /** Ids in the order in which the last message numbered them. */
  listed: string[];
  /** What was shown before the newest content, which the attempts of the message from index `tries` on carry. */
  before?: { told: number; listed: string[]; tries: number };
  state: QuestionState;
  openedAt: Instant;
  expiresAt: Instant;
  closedAt?: Instant;
  /** Reminders run from the first hand-over. */
  armed: boolean;
  reminders: number;
  /** When the last reminder of the message is due; absent until the hand-over, and in states of earlier builds. */
  remindedUntil?: Instant;
  /** Messages before this one: each was told all that it could, and then more became suspicious. */
  rounds?: number;
  /** After a STOP nobody is reminded. */
  muted: boolean;
  clarifications: number;
  /** "Already answered" was said once. */
  toldAnswered: boolean;
  unclearCase: boolean;
  /** The newest transaction of the last case about what no message told. */
  untoldCase?: string;
}

export interface RequestState {
  requestId: string;
  questionId: string;
  accountId: string;
  last4?: string;
  transactionIds: string[];
  channel: ChannelId;
  state: 'sent' | 'waiting' | 'accepted' | 'refused';
  at: Instant;
}

export interface QuestionsState {
  questions: Question[];
  requests: RequestState[];
}

export interface GroupState {
  /** No message of this group before. */
  nextAt: Instant;
  pending?: {
    alertId: string;
    items: MessageItem[];
    more: { count: number; sums: Money[] };
    reasons: string[];
    transactionIds: string[];
    receivedAt: Instant;
  };
}

export type AlertProgress = 'sending' | 'accepted' | 'delivered' | 'read' | 'expired' | 'unreachable' | 'cooled-down';

/** One alert as pages and queries show it: names of fields, never their values. */
export interface AlertHistoryEntry {
  alertId: string;
  kind: MessageKind;
  accountId?: string;
  /** At most five, oldest first. */
  transactionIds: string[];
  /** How many transactions it is about. */
  transactions: number;
  /** When it was decided. */
  at: Instant;
  state: AlertProgress;
  channels: { channel: ChannelId; deliveryId: string; state: TryState; at: Instant }[];
  /** Names of the fields that left. */
  disclosed: string[];
  question?: { id: string; state: QuestionState; at: Instant };
}

/** Entry `h:<tenant>:<customer>`: the last 50 alerts, newest first. */
export interface AlertHistory {
  alerts: AlertHistoryEntry[];
}

/** Names of a customer's entries, for whoever reads committed state (the gateway's queries). */
export const customerEntries = (tenantId: string, customerId: string) => {
  const key = keyOf(tenantId, customerId);
  return {
    profile: `p:${key}`,
    consents: `c:${key}`,
    activity: `a:${key}`,
    questions: `q:${key}`,
    history: `h:${key}`,
  };
};

export const groupEntry = (key: string, type: string, accountId: string): string => `g:${key}|${type}|${accountId}`;
export const messageEntry = (key: string, alertId: string): string => `m:${key}|${alertId}`;
export const findingEntry = (key: string, findingId: string): string => `f:${key}|${findingId}`;
export const appliedEntry = (key: string, recordId: string): string => `i:${key}|${recordId}`;
export const policyEntry = (tenantId: string): string => `!policy:${tenantId}`;

export const emptyProfile = (tenantId: string, customerId: string): ProfileState => ({
  tenantId,
  customerId,
  acceptedAt: 0,
  language: '',
  timeZone: '',
  contactPoints: {},
  channelOrder: [],
  links: {},
  preferences: { acceptedAt: 0 },
  stops: {},
  windows: {},
  invalid: {},
  ineligible: {},
  contacts: {},
});

export const emptyConsents = (): ConsentState => ({ cells: {}, ledger: [], dropped: 0 });
export const emptyActivity = (): ActivityState => ({ rows: [], held: [], coolDowns: {}, unread: [], helpedUntil: 0 });
export const emptyQuestions = (): QuestionsState => ({ questions: [], requests: [] });
export const emptyHistory = (): AlertHistory => ({ alerts: [] });
