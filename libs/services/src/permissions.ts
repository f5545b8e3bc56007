import { deliveryTopic, lanes, topicNames, topicTable } from '@tocsin/core';
import { redisPermission } from '@tocsin/redis';
import type { RedisPermission, RedisUse } from '@tocsin/redis';
import { channelIds } from './platform/platform.ts';
import { serviceNames } from './service.ts';

/*
 * The least that each service must be allowed on Kafka and on Redis: the source of the tables in docs/operating.md, and
 * what the test of the whole product runs with.
 */

/** An ACL that allows. To read, to write or to create a topic is to describe it too; so it is with a group. */
export interface KafkaPermission {
  readonly resource: 'topic' | 'group';
  readonly name: string;
  readonly pattern: 'literal' | 'prefixed';
  readonly operations: readonly ('Read' | 'Write' | 'Create' | 'Describe')[];
}

export interface Permissions {
  readonly kafka: readonly KafkaPermission[];
  readonly redis: readonly RedisPermission[];
}

/**
 * Whom Kafka and Redis must tell apart: the services, and an operator who makes topics and looks (`tocsin topics`, `doctor`,
 * `status`, `rejected list` and `show`, `deadletters list`, `ledger verify`).
 */
export const actors = [...serviceNames, 'operator'] as const;
export type Actor = (typeof actors)[number];

export interface Place {
  readonly installation: string;
  /** The bank's topics on this cluster. */
  readonly sources: readonly { readonly name: string; readonly topic: string }[];
}

interface Needs {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Consumer groups, without the installation; one that ends with a point stands for all that begin so. */
  readonly groups: readonly string[];
  readonly redis: readonly (readonly [use: RedisUse, stage?: string])[];
}

const {
  accountEvents,
  customerEvents,
  customers,
  addresses,
  bankRequests,
  cases,
  ledger,
  rejected,
  deadLetters,
  audit,
} = topicNames;
const deliveries = channelIds.flatMap((channel) => lanes.map((lane) => deliveryTopic(channel, lane)));
const stages = ['ingest.*', 'detect', 'alert', 'deliver.*', 'directory'];

/** A stage with timers writes to its own input too: their ticks. What one could not process goes to `dead-letters`. */
const needsOf = (actor: Actor, { sources }: Place): Needs => {
  switch (actor) {
    case 'ingest':
      return {
        reads: sources.map(({ topic }) => topic),
        writes: [accountEvents, rejected, deadLetters],
        groups: ['ingest.'],
        redis: [['ownState', 'ingest.*']],
      };
    case 'detect':
      return {
        reads: [accountEvents],
        writes: [customerEvents, rejected, deadLetters],
        groups: ['detect'],
        redis: [['ownState', 'detect']],
      };
    case 'alert':
      return {
        reads: [customerEvents],
        writes: [
          ...[accountEvents, customerEvents, ...deliveries],
          ...[customers, addresses, bankRequests, cases, deadLetters],
        ],
        groups: ['alert'],
        redis: [['ownState', 'alert']],
      };
    case 'deliver':
      return {
        reads: deliveries,
        writes: [...deliveries, customerEvents, ledger, deadLetters],
        groups: ['deliver.'],
        redis: [['ownState', 'deliver.*'], ['askBarriers'], ['askKillSwitches'], ['buckets']],
      };
    case 'gateway':
      return {
        reads: [addresses],
        writes: [accountEvents, customerEvents, ...deliveries, audit, deadLetters],
        groups: ['directory'],
        redis: [
          ['ownState', 'directory'],
          ['readState', 'alert'],
          ['readState', 'deliver.*'],
          ['revoke'],
          ['kill'],
          ['buckets'],
          ['shortTerm'],
        ],
      };
    case 'operator':
      return {
        reads: [rejected, deadLetters, ledger],
        writes: [],
        groups: [],
        redis: stages.map((stage) => ['readState', stage] as const),
      };
  }
};

export function permissionsOf(actor: Actor, place: Place): Permissions {
  const { reads, writes, groups, redis } = needsOf(actor, place);
  const ours = topicTable(channelIds).map(({ name }) => name);
  const everywhere = actor === 'operator' ? (['Create', 'Describe'] as const) : (['Describe'] as const);
  const operations = new Map<string, Set<KafkaPermission['operations'][number]>>();
  const allow = (names: readonly string[], ...more: KafkaPermission['operations']): void => {
    for (const name of names) operations.set(name, new Set([...(operations.get(name) ?? []), ...more]));
  };
  allow(reads, 'Read');
  allow(writes, 'Write');
  if (actor === 'operator')
    allow(
      place.sources.map(({ topic }) => topic),
      'Describe',
    );
  // Whoever runs a stage compares the partition counts of all topics with those that are configured.
  for (const name of ours) if (!operations.has(name) || actor === 'operator') allow([name], ...everywhere);
  const topics = [...operations].map(([name, allowed]) => topicOf(name, [...allowed]));
  const ownGroups = groups.map((name): KafkaPermission => {
    const pattern = name.endsWith('.') ? 'prefixed' : 'literal';
    return { resource: 'group', name: `${place.installation}.${name}`, pattern, operations: ['Read'] };
  });
  return {
    kafka: [...topics, ...ownGroups],
    redis: redis.map(([use, stage]) => redisPermission(use, place.installation, stage)),
  };
}

const topicOf = (name: string, operations: KafkaPermission['operations']): KafkaPermission => ({
  resource: 'topic',
  name,
  pattern: 'literal',
  operations,
});
