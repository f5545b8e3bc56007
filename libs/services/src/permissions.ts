import { deliveryTopic, lanes, topicNames, topicTable } from '@tocsin/core';
import { redisPermission } from '@tocsin/redis';
import type { RedisPermission, RedisUse } from '@tocsin/redis';
import { channelIds } from './platform/platform.ts';
import { retryKeys } from './recovery/retry-requests.ts';
import { reachableKey } from './recovery/until-reachable.ts';
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
 * Whom Kafka and Redis must tell apart: the services; an operator who makes topics and looks (`tocsin topics`, `doctor`,
 * `status`, `rules show`, `policy show`, `rejected list` and `show`, `deadletters list` and `show`, `ledger verify`); and
 * whoever changes what the services go by (`tocsin retry`, `accept-log`, `recover`, `rules activate`, `policy activate`,
 * `deadletters redrive`).
 */
export const actors = [...serviceNames, 'operator', 'recoverer'] as const;
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
  /** Default: it reads as a member of them. */
  readonly onGroups?: 'Read' | 'Describe';
  readonly redis: readonly (readonly [use: RedisUse, stage?: string])[];
  /** Single keys that other uses would open too wide; without the installation. */
  readonly redisKeys?: readonly { readonly commands: readonly string[]; readonly keys: readonly string[] }[];
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
const groupsOfStages = ['ingest.', 'detect', 'alert', 'deliver.', 'directory'];

/** What stages read: whoever compares their positions with their logs reads it too. */
const inputsOf = ({ sources }: Place): readonly string[] => [
  ...sources.map(({ topic }) => topic),
  ...[accountEvents, customerEvents, ...deliveries, addresses],
];

/** The owner of a stopped partition takes an operator's request to try again. Of the gateway `shortTerm` covers it. */
const takesRetries = (stage: string): Pick<Needs, 'redisKeys'> => ({
  redisKeys: [{ commands: ['getdel'], keys: [retryKeys(stage)] }],
});

/** A stage with timers writes to its own input too: their ticks. What one could not process goes to `dead-letters`. */
const needsOf = (actor: Actor, place: Place): Needs => {
  switch (actor) {
    case 'ingest':
      return {
        reads: place.sources.map(({ topic }) => topic),
        writes: [accountEvents, rejected, deadLetters],
        groups: ['ingest.'],
        redis: [['ownState', 'ingest.*']],
        ...takesRetries('ingest.*'),
      };
    case 'detect':
      return {
        reads: [accountEvents],
        writes: [customerEvents, rejected, deadLetters],
        groups: ['detect'],
        redis: [['ownState', 'detect']],
        ...takesRetries('detect'),
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
        ...takesRetries('alert'),
      };
    case 'deliver':
      return {
        reads: deliveries,
        writes: [...deliveries, customerEvents, ledger, deadLetters],
        groups: ['deliver.'],
        redis: [['ownState', 'deliver.*'], ['askBarriers'], ['askKillSwitches'], ['buckets']],
        ...takesRetries('deliver.*'),
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
        reads: [...inputsOf(place), rejected, deadLetters, ledger],
        writes: [],
        groups: groupsOfStages,
        onGroups: 'Describe',
        redis: stages.map((stage) => ['readState', stage] as const),
      };
    case 'recoverer':
      return {
        reads: [...inputsOf(place), customers, ledger, audit, deadLetters],
        // What was decided is written down first; what was activated is appended to the stages that it concerns.
        writes: [audit, accountEvents, customerEvents, ...deliveries],
        groups: groupsOfStages,
        onGroups: 'Describe',
        redis: [...stages.map((stage) => ['ownState', stage] as const), ['kill']],
        redisKeys: [
          { commands: ['set'], keys: [retryKeys('*')] },
          { commands: ['get'], keys: [reachableKey] },
        ],
      };
  }
};

export function permissionsOf(actor: Actor, place: Place): Permissions {
  const { reads, writes, groups, onGroups = 'Read', redis, redisKeys = [] } = needsOf(actor, place);
  const ours = topicTable(channelIds).map(({ name }) => name);
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
  if (actor === 'operator') allow(ours, 'Create', 'Describe');
  else if (actor !== 'recoverer')
    allow(
      ours.filter((name) => !operations.has(name)),
      'Describe',
    );
  const topics = [...operations].map(([name, allowed]) => topicOf(name, [...allowed]));
  const ownGroups = groups.map((name): KafkaPermission => {
    const pattern = name.endsWith('.') ? 'prefixed' : 'literal';
    return { resource: 'group', name: `${place.installation}.${name}`, pattern, operations: [onGroups] };
  });
  return {
    kafka: [...topics, ...ownGroups],
    redis: [
      ...redis.map(([use, stage]) => redisPermission(use, place.installation, stage)),
      ...redisKeys.map(({ commands, keys }) => ({
        commands,
        keys: keys.map((key) => shortTermKeys(place.installation, key)),
      })),
    ],
  };
}

/** As the short-term store of Redis names its keys; one that ends with a star stands for all that begin so. */
const shortTermKeys = (installation: string, key: string): string =>
  `{${installation}:s:${key}${key.endsWith('*') ? '' : '}'}`;

const topicOf = (name: string, operations: KafkaPermission['operations']): KafkaPermission => ({
  resource: 'topic',
  name,
  pattern: 'literal',
  operations,
});
