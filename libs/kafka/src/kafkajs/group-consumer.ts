import type { SubscribeOptions } from '@tocsin/core';
import type { Consumer, Kafka } from 'kafkajs';
import { heartbeatMs } from '../kafka-log-options.ts';
import { quickRetry } from './client.ts';

/** A consumer of kafkajs with everything decided that it would otherwise decide by itself; not connected yet. */
export const groupConsumer = (
  kafka: Kafka,
  { group, maxBytesPerPartition }: SubscribeOptions,
  sessionMs: number,
): Consumer =>
  kafka.consumer({
    groupId: group,
    sessionTimeout: sessionMs,
    // A batch that takes longer than this costs a member its partitions when another one joins or leaves.
    rebalanceTimeout: Math.max(60_000, sessionMs),
    heartbeatInterval: heartbeatMs(sessionMs),
    // One batch as it was written comes whole, even when it is larger: at most one request of a producer.
    maxBytesPerPartition: maxBytesPerPartition ?? 1 << 20,
    minBytes: 1,
    maxBytes: Math.max(4 << 20, maxBytesPerPartition ?? 0),
    // kafkajs also sleeps this long when all partitions are paused.
    maxWaitTimeInMs: Math.min(250, Math.floor(sessionMs / 4)),
    readUncommitted: false,
    allowAutoTopicCreation: false,
    // Restarting is our own work: kafkajs gives up on some errors, and restarts others after it was stopped.
    retry: { ...quickRetry, restartOnFailure: () => Promise.resolve(false) },
  });
