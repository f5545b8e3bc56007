import { rejectCodes, warningCodes } from '../format.ts';
import { messageKinds } from '../records/delivery.ts';
import { channel, each, source, stage } from './metric.ts';
import type { Labels, LabelsOf, Metric } from './metric.ts';

const rule = each('rule or condition');

/** By name, without `tocsin_` and `_total`. */
export const counters = {
  /* Every stage. */
  records: {
    labels: { stage, outcome: ['processed', 'tick', 'dead-letter', 'history-only'] },
    about:
      'Records applied, replays included. history-only: of those processed, transactions too old to alert anybody about.',
  },
  records_dropped: {
    labels: {
      stage,
      reason: [
        'reproduced',
        'already-consumed',
        'duplicate',
        'superseded',
        'repeated',
        'repeated-delivery',
        'repeated-attempt',
        'attempt-without-delivery',
        'outcome-without-delivery',
        'outcome-without-attempt',
        'outcome-of-another',
      ],
    },
    about:
      'Records of which nothing was taken. reproduced: below the watermark, written again by a replay upstream; duplicate: sent again by the bank.',
  },
  outputs: { labels: { stage }, about: 'Records written and acknowledged, re-productions included.' },
  checkpoint_entries: { labels: { stage }, about: 'State entries saved.' },
  checkpoint_bytes: { labels: { stage }, about: 'Bytes of state saved.' },
  fenced: { labels: { stage }, about: 'Times that this owner found that another one had taken its partition over.' },
  replays: {
    labels: {
      stage,
      cause: [
        'fenced',
        'lost',
        'poisoned',
        'other',
        'BEFORE_START',
        'BEYOND_END',
        'RECREATED',
        'UNKNOWN_TOPIC',
        'TOO_LARGE',
        'UNAVAILABLE',
        'CLOSED',
      ],
    },
    about:
      'Times that the memory of a partition was thrown away, to acquire and replay it. other: mostly a state store that did not answer.',
  },
  subscribe_failures: {
    labels: { topic: each('topic') },
    about: 'Attempts to subscribe that failed; they are repeated.',
  },

  /* ingest and detect */
  ingested: { labels: { source, outcome: ['accepted'] }, about: 'Records of the bank that were taken.' },
  ingest_warnings: {
    labels: { source, code: warningCodes },
    about: 'What was odd about records that were taken: fields dropped, card numbers masked.',
  },
  rejected: {
    labels: { source, code: rejectCodes },
    about: 'Records written to `rejected`, by the first code. source is `detect` for contradictions.',
  },
  transactions: {
    labels: { outcome: ['first', 'update', 'reversal'] },
    about: 'Transactions judged: seen first, a later status of one already seen, a reversal.',
  },
  account_changes: {
    labels: {
      type: ['account-event', 'account-holders', 'account-settings', 'conditions', 'label', 'bank-answer'],
      outcome: ['applied', 'stale'],
    },
    about: 'Records of accounts that are no transactions. stale: a newer one stood already.',
  },
  late_dropped: { labels: { stage }, about: 'Transactions that came too late to be inserted into a window.' },
  findings: { labels: { rule, mode: ['live', 'shadow'] }, about: 'Rules that fired and conditions that held.' },
  findings_suppressed: {
    labels: { rule },
    about: 'Rules that would have fired, had the customer not said it was genuine.',
  },
  rule_sets: {
    labels: { outcome: ['activated', 'stale', 'refused'] },
    about: 'Rule sets that reached a partition. refused: one that this build cannot run.',
  },
  policies: {
    labels: { outcome: ['activated', 'stale', 'refused'] },
    about: 'Tenant policies that reached a partition of alert. refused: too large to keep.',
  },

  /* alert */
  alerts: {
    labels: {
      type: [...messageKinds, 'other'],
      outcome: [
        'asked',
        'joined',
        'reminded',
        'decided',
        'grouped',
        'merged',
        'cooled-down',
        'unknown-customer',
        'unknown-type',
      ],
    },
    about: 'What was decided about each finding: a message, a part of one, or none and why.',
  },
  findings_dropped: { labels: { reason: ['repeated'] }, about: 'Findings that came again under another sequence.' },
  cases: {
    labels: {
      kind: [
        'customer-says-fraud',
        'freeze-refused',
        'freeze-unanswered',
        'unreachable',
        'unknown-customer',
        'unanswered',
        'unclear-answer',
        'conflict',
        'late-answer',
        'staff-finding',
        'agent-wanted',
        'review-stop',
      ],
    },
    about: 'Cases opened for the fraud desk.',
  },
  profile_changes: {
    labels: {
      kind: ['profile', 'preferences', 'link', 'consent', 'stop', 'start'],
      outcome: ['applied', 'superseded', 'duplicate'],
    },
    about: 'Changes of customers’ profiles. superseded: a newer decision stood already.',
  },
  consents: {
    labels: { outcome: ['applied', 'superseded', 'full', 'unknown-channel'] },
    about: 'Single consents given or taken back.',
  },
  bank_answers: {
    labels: {
      answer: ['accepted', 'refused'],
      outcome: ['in-time', 'late', 'duplicate', 'conflict', 'not-concerned'],
    },
    about: 'The bank’s answers to requests to freeze a card.',
  },
  replies: {
    labels: {
      meaning: [
        'stop',
        'answer',
        'answered-before',
        'late',
        'stale-tap',
        'which-card',
        'unclear',
        'unknown',
        'help',
        'start',
        'human',
        'balance',
        'opening',
        'duplicate',
        'foreign-address',
        'of-another',
      ],
    },
    about: 'Customers’ messages, by what they were understood to mean.',
  },
  receipts: {
    labels: {
      state: [
        'accepted',
        'sent',
        'delivered',
        'read',
        'failed',
        'permanent',
        'badAddress',
        'ineligible',
        'unknown',
        'expired',
        'revoked',
      ],
      effect: ['forward', 'stale', 'conflict', 'unmatched'],
    },
    about: 'What was reported about messages. stale, conflict: it changed nothing.',
  },
  visible_duplicates: {
    labels: { channel },
    about: 'Messages that arrived although another channel had been asked meanwhile: the customer saw them twice.',
  },

  /* deliver */
  deliveries: {
    labels: {
      channel: each('channel, or inbox'),
      outcome: [
        'accepted',
        'retry',
        'not-sent',
        'permanent',
        'badAddress',
        'ineligible',
        'revoked',
        'unknown',
        'expired',
      ],
    },
    about:
      'Attempts that ended. unknown: it cannot be known whether the provider sent it; retry, not-sent: it is tried again.',
  },
  redrives: {
    labels: { channel, outcome: ['reopened', 'refused'] },
    about: 'Records that ask deliver to send a dead letter again: obeyed, or refused. No command writes them.',
  },
  attempts_let_go: {
    labels: {
      channel,
      reason: [
        'not-ours',
        'lost',
        'shutdown',
        'append-failed',
        'late',
        'contact-changed',
        'contact-behind',
        'barriers-unreadable',
        'revoked',
        'kill-switch',
        'not-allowed',
        'no-contact',
        'no-address',
        'withdrawn',
      ],
    },
    about: 'Attempts that stand in the log and were not begun. They cost no try.',
  },
  breaker_openings: { labels: { channel }, about: 'Times that the breaker of a provider account opened.' },
  barriers_unreadable: {
    labels: { channel },
    about: 'Looks at the barriers that failed. Nothing is sent without them.',
  },
  buckets_unreadable: {
    labels: { channel },
    about: 'Looks at the shared rate limit that failed. Nothing is sent without it.',
  },
  texts_missing_language: {
    labels: { used: each('built-in language') },
    about: 'Messages in another language than the customer’s, because it has no texts.',
  },
  text_characters_replaced: {
    labels: { channel },
    about: 'Characters replaced in texts, because the channel charges more for them.',
  },

  /* gateway and HTTP */
  webhooks: {
    labels: { channel, result: ['taken', 'refused', 'no-barrier', 'failed'] },
    about:
      'Calls of providers. refused: not authentic; no-barrier, failed: answered with an error, so that they come again.',
  },
  inbound: {
    labels: {
      channel,
      result: ['message', 'receipt', 'linked', 'unlinked', 'unknown-address', 'link-code-unknown'],
    },
    about: 'Events inside those calls.',
  },
  http_away: {
    labels: {
      code: [
        'UNAVAILABLE',
        'REFUSED',
        'REPLICAS_MISSING',
        'MISCONFIGURED',
        'BEFORE_START',
        'BEYOND_END',
        'RECREATED',
        'UNKNOWN_TOPIC',
        'TOO_LARGE',
        'CLOSED',
        'ISSUER_AWAY',
        'DIRECTORY_AWAY',
      ],
    },
    about: 'Requests answered with 503 because log or state store were away, or what else an answer needs.',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type CounterName = keyof typeof counters;
export type CounterLabels<Name extends CounterName> = LabelsOf<(typeof counters)[Name]>;

/** Counts a decision. A stage that counts every record hands over the same object of labels each time: see the engine. */
export type Count = <Name extends CounterName>(name: Name, labels: CounterLabels<Name> & Labels) => void;
