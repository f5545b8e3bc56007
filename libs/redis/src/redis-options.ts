import type { ClusterNode, ClusterOptions, RedisOptions } from 'ioredis';
import type { Span } from '@tocsin/core';

/** Where warnings about the connection go; nothing is said in normal operation. */
export interface RedisLogger {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What the adapter decides itself. */
type Decided =
  | 'replyMapping'
  | 'stringNumbers'
  | 'keyPrefix'
  | 'lazyConnect'
  | 'monitor'
  | 'readOnly'
  | 'enableOfflineQueue'
  | 'autoResendUnfulfilledCommands'
  | 'maxRetriesPerRequest'
  | 'commandTimeout'
  | 'socketTimeout';

/** Address, TLS, ACL user, Sentinels: the options of ioredis, but for those that the adapter decides. */
export type RedisAddress = Omit<RedisOptions, Decided>;

type DecidedForCluster =
  'lazyConnect' | 'enableOfflineQueue' | 'scaleReads' | 'redisOptions' | 'retryDelayOnFailover' | 'scripts';

export interface RedisClusterAddress {
  /** Some of the nodes; the others are learnt from them. */
  readonly nodes: readonly ClusterNode[];
  readonly options?: Omit<ClusterOptions, DecidedForCluster>;
  /** TLS, ACL user and password, for every node. */
  readonly redis?: Omit<RedisAddress, 'host' | 'port' | 'path' | 'sentinels' | 'retryStrategy' | 'himportFieldsets'>;
}

export interface TocsinRedisOptions {
  /** First part of every key, so that installations can share a Redis. Letters, digits, `.`, `_` and `-`. */
  readonly installation: string;
  /** One server, or Sentinels (`sentinels`, `name`). Default: 127.0.0.1:6379. */
  readonly redis?: RedisAddress;
  /** A Redis Cluster instead. */
  readonly cluster?: RedisClusterAddress;
  /** After this time a command counts as failed, whatever becomes of it. Default 3 s. */
  readonly timeoutMs?: Span;
  /** How many replicas must confirm a barrier or a kill switch (WAIT) before it is acknowledged. Default 0. */
  readonly replicas?: number;
  /** `check` then also demands what a bank needs: writes that a replica has, and an append-only file. */
  readonly production?: boolean;
  readonly logger?: RedisLogger;
}

export const defaultTimeout: Span = 3_000;

/** First retry after 50 ms, doubling up to 2 s, with jitter so that instances do not return in step; for ever. */
export const retryIn = (attempt: number): number =>
  Math.min(2_000, 50 * 2 ** Math.min(attempt, 10)) * (0.75 + Math.random() / 2);

type NodeOptions = Omit<RedisOptions, 'replyMapping'>;

/** For one node: a command that waits in a queue or is sent a second time is worse than one that fails. */
const nodeOptions = (timeoutMs: Span): NodeOptions => ({
  // After a fail-over the old primary is read-only: look for the new one.
  reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  keepAlive: 10_000,
  connectTimeout: timeoutMs,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: timeoutMs,
  // It would be one more command to permit.
  disableClientInfo: true,
  // A peer that vanished without a word is given up, so that the next commands go over a new connection.
  socketTimeout: 2 * timeoutMs,
});

/**
 * With Sentinels, ioredis would talk in the clear to servers for which TLS was asked, unless told so once more; and it would
 * wait for ever for a Sentinel that hangs.
 */
const sentinelOptions = ({ sentinels, tls, sentinelTLS }: RedisAddress, timeoutMs: Span): RedisAddress =>
  sentinels === undefined
    ? {}
    : {
        sentinelRetryStrategy: retryIn,
        sentinelReconnectStrategy: retryIn,
        sentinelCommandTimeout: timeoutMs,
        // A primary that was only demoted keeps its connections: the Sentinels say that there is a new one.
        failoverDetector: true,
        ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: sentinelTLS ?? tls }),
      };

export const connectionOptions = (given: RedisAddress | undefined, timeoutMs: Span): NodeOptions => ({
  retryStrategy: retryIn,
  ...nodeOptions(timeoutMs),
  ...sentinelOptions(given ?? {}, timeoutMs),
  ...given,
  enableOfflineQueue: false,
});

export const clusterOptions = (
  { options, redis }: RedisClusterAddress,
  timeoutMs: Span,
): Omit<ClusterOptions, 'redisOptions'> & { redisOptions: NodeOptions } => ({
  clusterRetryStrategy: retryIn,
  slotsRefreshTimeout: timeoutMs,
  // A primary that hangs answers nobody that its slots have gone to another.
  slotsRefreshInterval: 5_000,
  // Names stay names: a certificate is made out to them, not to what they resolve to.
  dnsLookup: (name, found) => found(null, name),
  ...options,
  enableOfflineQueue: false,
  // ioredis would send a command again whose connection broke before the answer came, although it may have taken effect.
  retryDelayOnFailover: 0,
  redisOptions: { ...nodeOptions(timeoutMs), ...redis },
});
