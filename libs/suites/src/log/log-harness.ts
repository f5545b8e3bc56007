import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@tocsin/core';

/** What a log may or may not be able to do; cases that need more than it has are not among those to run. */
export interface LogTraits {
  /** Several members of one group share the partitions of a topic. */
  readonly members: boolean;
  /** `facts` shows an identity that changes when a topic is deleted and created again. */
  readonly identity: boolean;
  /** Every single read says which topic it means by that identity, not by the name alone. Default: false. */
  readonly readsByIdentity?: boolean;
  /** Several servers share the partitions, and another one may take a partition over. Default: false. */
  readonly leaders?: boolean;
}

/** How a test moves partitions from one server to another. */
export interface Leaders {
  /** A new topic, all partitions of which one server leads. */
  topicLedByOne(partitions: number): Promise<string>;
  /** Resolves when another server leads this partition, one that led none of the topic before. */
  move(topic: string, partition: number): Promise<void>;
  /** Kills the server that leads this partition. What it resolves to brings it back. */
  kill(topic: string, partition: number): Promise<() => Promise<void>>;
}

/** A log under test, with the few things that the port leaves to the adapter's own administration. */
export interface LogHarness {
  readonly log: Log;
  /** Another connection to the same log, as another process would have it; the case closes it. */
  another(): Promise<Log>;
  deleteTopic(topic: string): Promise<void>;
  /** Removes the records before this offset, as retention does. */
  trim(topic: string, partition: number, before: number): Promise<void>;
  /** The size of a value that the log certainly refuses. */
  readonly tooLargeBytes: number;
  /** The shortest session that the log's groups allow. */
  readonly shortSessionMs: number;
  /** Where the log has the trait of that name. */
  readonly leaders?: Leaders;
}

/** One promise of the log port. Resolves when it is kept, rejects with an AssertionError when it is broken. */
export interface LogCase {
  readonly name: string;
  readonly needs?: keyof LogTraits;
  run(harness: LogHarness): Promise<void>;
}

/** Names of our own, so that cases can share one log and none needs to clean up. */
export const freshName = (prefix: string): string => `${prefix}-${randomUUID().slice(0, 13)}`;

/** A new topic with this many partitions. */
export async function freshTopic({ log }: LogHarness, partitions = 1): Promise<string> {
  const name = freshName('suite');
  await log.createTopics([{ name, partitions, cleanup: 'delete', retentionMs: 86_400_000 }]);
  await everyPartitionLed(log, name, partitions);
  return name;
}

/**
 * Resolves when each partition of a new topic answers. Until all have their leaders, a log may have to repeat an append,
 * and what one partition took already then stands there twice: no fault, but more than most cases count on.
 */
export async function everyPartitionLed(log: Log, topic: string, partitions: number): Promise<void> {
  const answers = (partition: number): Promise<boolean> =>
    log.bounds(topic, partition).then(
      () => true,
      () => false,
    );
  for (let partition = 0; partition < partitions; partition++) {
    await until(`partition ${partition} of ${topic} to be led`, () => answers(partition));
  }
}

/** How long cases wait for something, where that is not for each case to say: for a log in memory, broken on purpose. */
export interface Patience {
  readonly mostMs: number;
  /** Once true, nothing is waited for any more. */
  over(): boolean;
}

const patience = new AsyncLocalStorage<Patience>();

export const withPatience = <T>(limits: Patience, run: () => Promise<T>): Promise<T> => patience.run(limits, run);

/** Waits for something to come true. @throws Error that names it */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const limits = patience.getStore();
  const mostMs = Math.min(withinMs, limits?.mostMs ?? withinMs);
  const deadline = performance.now() + mostMs;
  while (!(await holds())) {
    if (performance.now() > deadline || limits?.over() === true)
      throw new Error(`Waited ${mostMs} ms in vain: ${what}`);
    await sleep(10);
  }
}

/** Long enough for something that must not happen to happen. */
export const aWhile = (milliseconds = 400): Promise<void> => sleep(milliseconds);

export const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString();
