import { days } from './time.ts';
import type { Span } from './time.ts';
import type { TopicSpec } from './ports/log.ts';
import { lanes } from './records/delivery.ts';
import type { Lane } from './records/delivery.ts';
import type { ChannelId } from './consent.ts';

/** One row of the table of topics: the source for `tocsin topics`, the AsyncAPI document and docs/operating.md. */
export interface Topic {
  readonly name: string;
  readonly key: string;
  readonly values: readonly string[];
  /** Which default of `PartitionCounts` applies. */
  readonly size: 'stage' | 'delivery' | 'outside';
  readonly cleanup: 'delete' | 'compact';
  readonly retention?: Span;
  readonly about: string;
}

export const topicNames = {
  accountEvents: 'account-events',
  customerEvents: 'customer-events',
  customers: 'customers',
  addresses: 'addresses',
  bankRequests: 'bank-requests',
  cases: 'cases',
  ledger: 'ledger',
  rejected: 'rejected',
  deadLetters: 'dead-letters',
  audit: 'audit',
} as const;

export const deliveryTopic = (channel: ChannelId, lane: Lane): string => `deliveries.${channel}.${lane}`;

const week = days(7);
const month = days(30);

const fixed: readonly Topic[] = [
  {
    name: topicNames.accountEvents,
    key: 'tenant:account',
    values: [
      'transaction',
      'account-event',
      'account-holders',
      'account-settings',
      'conditions',
      'label',
      'bank-answer',
      'rule-set',
      'tick',
    ],
    size: 'stage',
    cleanup: 'delete',
    retention: week,
    about: 'What happened on accounts; read by detect.',
  },
  {
    name: topicNames.customerEvents,
    key: 'tenant:customer',
    values: [
      'finding',
      'profile',
      'consent',
      'preferences',
      'link',
      'reply',
      'receipt',
      'bank-answer',
      'request-sent',
      'tenant-policy',
      'tick',
    ],
    size: 'stage',
    cleanup: 'delete',
    retention: week,
    about: 'What concerns customers; read by alert.',
  },
  {
    name: topicNames.customers,
    key: 'tenant:customer',
    values: ['customer'],
    size: 'outside',
    cleanup: 'compact',
    about: 'Latest profile and consent of each customer.',
  },
  {
    name: topicNames.addresses,
    key: 'tenant:channel:digest',
    values: ['address'],
    size: 'stage',
    cleanup: 'delete',
    retention: week,
    about: 'Which customer an address belongs to; read by directory.',
  },
  {
    name: topicNames.bankRequests,
    key: 'tenant:account',
    values: ['bank-request'],
    size: 'outside',
    cleanup: 'delete',
    retention: week,
    about: 'What we ask of the bank: freeze this card.',
  },
  {
    name: topicNames.cases,
    key: 'tenant:account',
    values: ['case'],
    size: 'outside',
    cleanup: 'delete',
    retention: month,
    about: 'Work for the fraud desk.',
  },
  {
    name: topicNames.ledger,
    key: 'tenant:customer',
    values: ['disclosure'],
    size: 'outside',
    cleanup: 'delete',
    about: 'Every disclosure to a third party, hash-chained; kept.',
  },
  {
    name: topicNames.rejected,
    key: "the bank's key",
    values: ["the bank's bytes"],
    size: 'outside',
    cleanup: 'delete',
    retention: month,
    about: 'Bank records that could not be taken, with the reason in headers.',
  },
  {
    name: topicNames.deadLetters,
    key: 'the key of what failed',
    values: ['dead-letter'],
    size: 'outside',
    cleanup: 'delete',
    retention: month,
    about: 'What could not be processed or delivered.',
  },
  {
    name: topicNames.audit,
    key: 'tenant:actor',
    values: ['audit'],
    size: 'outside',
    cleanup: 'delete',
    about:
      'Who asked the gateway for what it may not have, who used a kill switch, and what operators accepted, rebuilt or activated; kept.',
  },
];

const delivery = (channel: ChannelId, lane: Lane): Topic => ({
  name: deliveryTopic(channel, lane),
  key: 'tenant:customer',
  values: ['delivery', 'contact', 'barrier', 'attempt', 'outcome', 'redrive', 'tick'],
  size: 'delivery',
  cleanup: 'delete',
  retention: week,
  about: `Messages to send by ${channel}, ${lane} lane, and activated policies; read by deliver.`,
});

export const topicTable = (channels: readonly ChannelId[]): readonly Topic[] => [
  ...fixed,
  ...channels.flatMap((channel) => lanes.map((lane) => delivery(channel, lane))),
];

/** How many partitions each size of topic has; fixed for the life of a topic. */
export interface PartitionCounts {
  readonly stage: number;
  readonly delivery: number;
  readonly outside: number;
}

export const defaultPartitions: PartitionCounts = { stage: 32, delivery: 8, outside: 8 };
export const embeddedPartitions: PartitionCounts = { stage: 4, delivery: 4, outside: 4 };

export const topicSpecs = (channels: readonly ChannelId[], counts: PartitionCounts): readonly TopicSpec[] =>
  topicTable(channels).map(({ name, size, cleanup, retention }) => ({
    name,
    partitions: counts[size],
    cleanup,
    ...(retention === undefined ? {} : { retentionMs: retention }),
  }));
