import type { ChannelCapabilities } from '../channel.ts';
import type { ChannelId, Purpose } from '../consent.ts';
import type { TenantPolicy } from '../records/customer.ts';
import type { MessageKind } from '../records/delivery.ts';
import { hours, minutes, seconds } from '../time.ts';
import type { Span } from '../time.ts';

/** By channel id, as each channel plug-in declares them. */
export type ChannelTable = Readonly<Record<ChannelId, ChannelCapabilities>>;

/** Channels on which a bank may warn of fraud without being asked to (never a third-party messenger). */
const lawful = ['sms', 'email', 'push', 'inbox'];

/** What a new tenant gets: a legal basis for fraud and security notices, consent for everything else. */
export const defaultPolicy = (channels: ChannelTable): TenantPolicy => {
  const basis = {
    basis: 'legitimate-interest:fraud-prevention',
    channels: lawful.filter((id) => channels[id]?.thirdParty === false || id === 'inbox'),
  };
  return {
    id: 'default',
    version: 0,
    bankName: 'Your bank',
    defaultLanguage: 'en',
    defaultTimeZone: 'UTC',
    channels: Object.fromEntries(Object.keys(channels).map((id) => [id, { allowed: true }])),
    legalBasis: { 'fraud-protection': basis, 'security-notice': basis },
  };
};

/** An alert type: lane, purpose and manners. Spans in milliseconds. */
export interface AlertType {
  readonly id: MessageKind;
  /** P0 to P3. */
  readonly priority: 0 | 1 | 2 | 3;
  readonly purpose: Purpose;
  /** Wait for more of the same before the first message, then at most one message per interval. */
  readonly waitMs: Span;
  readonly intervalMs: Span;
  /** Not again about the same subject (card, merchant) for so long. */
  readonly coolDownMs: Span;
  /** Older than that, counted from the bank's record, it is not sent. */
  readonly maxAgeMs: Span;
}

const p1 = {
  priority: 1,
  purpose: 'account-alert',
  waitMs: seconds(5),
  intervalMs: seconds(60),
  maxAgeMs: hours(12),
} as const;

/**
 * In the order of the catalogue; of two types of one lane the first gives the text. The cool-down of balance-below (24 h
 * unless it re-arms) is zero here, because detect reports a crossing only once it is armed again.
 */
export const alertTypes: readonly AlertType[] = [
  {
    id: 'fraud-check',
    priority: 0,
    purpose: 'fraud-protection',
    waitMs: 0,
    intervalMs: 0,
    coolDownMs: 0,
    maxAgeMs: hours(24),
  },
  { id: 'purchase-over', ...p1, coolDownMs: 0 },
  { id: 'international-use', ...p1, coolDownMs: 0 },
  { id: 'balance-below', ...p1, coolDownMs: 0 },
  {
    id: 'deposit',
    priority: 2,
    purpose: 'account-alert',
    waitMs: seconds(30),
    intervalMs: minutes(5),
    coolDownMs: 0,
    maxAgeMs: hours(24),
  },
];

export const alertTypeOf = (id: string): AlertType | undefined => alertTypes.find((type) => type.id === id);

/** How long to wait for what. All in milliseconds, all counted from the append time of the record that reports the hand-over. */
export interface AlertTiming {
  /** An urgent message that was accepted but not delivered by then takes the next channel; by channel or `*`. */
  readonly deliveredWithinMs: Readonly<Record<string, Span>>;
  /** The same for a money movement (P1); P2 and P3 rest once accepted. */
  readonly routineDeliveredWithinMs: Span;
  /** An outcome that stays unknown. */
  readonly unknownUrgentMs: Span;
  readonly unknownRoutineMs: Span;
  readonly questionLifeMs: Span;
  /** Reminders of an unanswered question; empty turns them off. */
  readonly remindAfterMs: readonly Span[];
  /** An unanswered question becomes a case; 0 turns it off. */
  readonly unansweredAfterMs: Span;
  /** How long a receipt waits for the delivery that it belongs to. */
  readonly holdReceiptMs: Span;
  /** How long the window for free messages stays open after the customer wrote. */
  readonly windowMs: Span;
}

export const defaultTiming: AlertTiming = {
  deliveredWithinMs: { push: seconds(30), messenger: seconds(60), sms: minutes(3), '*': seconds(60) },
  routineDeliveredWithinMs: minutes(10),
  unknownUrgentMs: seconds(30),
  unknownRoutineMs: minutes(10),
  questionLifeMs: hours(24),
  remindAfterMs: [minutes(10), minutes(60)],
  unansweredAfterMs: minutes(30),
  holdReceiptMs: minutes(10),
  windowMs: hours(24),
};
