import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Broker, Cluster, Kafka } from 'kafkajs';
import type { LogRecord } from '@tocsin/core';
import { quickRetry } from './client.ts';
import { asLogError, logError, protocolError } from '../log-errors.ts';
import { toRecord } from './records.ts';
import { topicId } from './topic-identity.ts';

/** kafkajs's own sorting-out of control records and aborted transactions; its package exports no name for it. */
const BatchOfPartition = createRequire(import.meta.url)('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  partitionData: object,
) => Batch;

interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly object[] }[];
  }[];
}

/** ListOffsets takes these in place of a time. */
const earliest = -2;
const latest = -1;

const attempts = 3;
const bytesPerFetch = 1 << 20;

/**
 * Single questions to the leader of a partition, without a consumer group: kafkajs hands its cluster to partition
 * assigners, and a consumer that is never run is the documented way to one. Reads see committed transactions only.
 */
export class ClusterReader {
  readonly #kafka: () => Kafka;
  #cluster: Promise<Cluster> | undefined;
  #closed = false;

  constructor(kafka: () => Kafka) {
    this.#kafka = kafka;
  }

  async bounds(topic: string, partition: number): Promise<{ readonly start: number; readonly end: number }> {
    return this.#ask(topic, partition, async (cluster) => ({
      start: await this.#offset(cluster, topic, partition, earliest),
      end: await this.#offset(cluster, topic, partition, latest),
    }));
  }

  async offsetAt(topic: string, partition: number, at: number): Promise<number> {
    return this.#ask(topic, partition, async (cluster) => {
      const offset = await this.#offset(cluster, topic, partition, Math.max(0, at));
      return offset >= 0 ? offset : this.#offset(cluster, topic, partition, latest);
    });
  }

  async read(topic: string, partition: number, from: number, maxRecords: number): Promise<readonly LogRecord[]> {
    const { start, end } = await this.bounds(topic, partition);
    if (from < start) throw logError('BEFORE_START');
    if (from > end) throw logError('BEYOND_END');
    const records: LogRecord[] = [];
    for (let next = from; next < end && records.length < maxRecords;) {
      const batch = await this.#ask(topic, partition, (cluster, leader) =>
        this.#fetch(cluster, leader, topic, partition, next),
      );
      if (batch === undefined) break;
      for (const message of batch.messages) records.push(toRecord(topic, partition, message));
      next = Number(batch.lastOffset()) + 1;
    }
    return records.slice(0, maxRecords);
  }

  /** The id of the topic, or undefined where the brokers show none. */
  async identity(topic: string): Promise<string | undefined> {
    return this.#ask(topic, 0, async (cluster, leader) => topicId(await broker(cluster, leader), topic));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#reset();
  }

  async #offset(cluster: Cluster, topic: string, partition: number, fromTimestamp: number): Promise<number> {
    const [answer] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromTimestamp }]);
    const offset = answer?.partitions[0]?.offset;
    if (offset === undefined) throw logError('UNAVAILABLE');
    return Number(offset);
  }

  /** Undefined when nothing more is readable for now, as behind an open transaction. */
  async #fetch(
    cluster: Cluster,
    leader: string,
    topic: string,
    partition: number,
    from: number,
  ): Promise<Batch | undefined> {
    const fetchOffset = String(from);
    const { responses } = (await (
      await broker(cluster, leader)
    ).fetch({
      maxWaitTime: 100,
      minBytes: 1,
      maxBytes: bytesPerFetch,
      topics: [{ topic, partitions: [{ partition, fetchOffset, maxBytes: bytesPerFetch }] }],
    })) as FetchResponse;
    const data = responses[0]?.partitions[0];
    return data === undefined || data.messages.length === 0
      ? undefined
      : new BatchOfPartition(topic, fetchOffset, data);
  }

  /** Leaders move and connections break: the view of the cluster is then renewed and the question asked again. */
  async #ask<T>(
    topic: string,
    partition: number,
    question: (cluster: Cluster, leader: string) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw logError('CLOSED');
      try {
        const cluster = await this.#connected();
        await cluster.addTargetTopic(topic);
        await cluster.refreshMetadataIfNecessary();
        const leader = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))[0];
        if (leader === undefined) throw logError('UNKNOWN_TOPIC');
        return await question(cluster, leader);
      } catch (error) {
        // The leader knows better than the view whether the offset is there; the bounds were asked a moment ago.
        if (protocolError(error) === 'OFFSET_OUT_OF_RANGE') throw logError('BEFORE_START', error);
        // Also for a topic that is gone: its name would spoil every later view of the cluster.
        await this.#reset();
        if (attempt === attempts) throw asLogError(error);
        await sleep(100 * attempt);
      }
    }
  }

  #connected(): Promise<Cluster> {
    this.#cluster ??= (async () => {
      let captured: Cluster | undefined;
      this.#kafka().consumer({
        groupId: 'never-run',
        allowAutoTopicCreation: false,
        retry: quickRetry,
        partitionAssigners: [
          ({ cluster }) => {
            captured = cluster;
            return { name: 'none', version: 0, assign: () => Promise.resolve([]), protocol: unused };
          },
        ],
      });
      await captured!.connect();
      return captured!;
    })();
    return this.#cluster;
  }

  async #reset(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.then((connected) => connected.disconnect()).catch(() => undefined);
  }
}

const broker = (cluster: Cluster, leader: string): Promise<Broker> => cluster.findBroker({ nodeId: leader });

const unused = (): never => {
  throw new Error('This consumer joins no group.');
};
