import type { Instant } from './time.ts';

/** What a message can disclose (compliance: a closed list). `merchant` includes trade group, `place` country and city, `last4` an account's nickname. */
export const dataClasses = [
  'existence',
  'amount',
  'merchant',
  'place',
  'time',
  'last4',
  'balance',
  'payee',
  'device',
  'case',
  'order',
  'shipment',
  'name',
] as const;
export type DataClass = (typeof dataClasses)[number];

/** What data may be used for. There is no purpose "advertising", and none can be configured. */
export const purposes = [
  'fraud-protection',
  'security-notice',
  'account-alert',
  'legal-notice',
  'service-reply',
  'receipt',
  'shipping-update',
] as const;
export type Purpose = (typeof purposes)[number];

/** The id of a channel plug-in: `messenger`, `sms`, `email`, `inbox` … */
export type ChannelId = string;

/** One line of a customer's consent ledger; append-only, the current state follows by replay. */
export interface ConsentChange {
  readonly id: string;
  /** `*` is every channel. */
  readonly channel: ChannelId;
  readonly purpose: Purpose | '*';
  readonly dataClass: DataClass | '*';
  readonly action: 'grant' | 'revoke';
  /** When the customer decided, as accepted by the gateway; an older one never undoes a newer one. */
  readonly acceptedAt: Instant;
  /** `customer`, `staff:<id>`, `bank`. */
  readonly actor: string;
  /** `page`, `chat`, `sms`, `api`, `branch` … */
  readonly source: string;
  readonly textVersion?: string;
  readonly language?: string;
  readonly evidence?: string;
}
