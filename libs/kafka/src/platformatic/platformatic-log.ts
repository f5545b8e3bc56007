import type {
  Appended,
  Appending,
  Instant,
  Log,
  LogRecord,
  SubscribeOptions,
  Subscriber,
  Subscription,
  TopicFacts,
  TopicSpec,
} from '@tocsin/core';
import { createTopicsV7, offsetFetchV8 } from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppendQueue, chunkLimits } from '../append-queue.ts';
import type { Send } from '../append-queue.ts';
import { createMissing } from '../create-missing.ts';
import { asLogError, logError, protocolError } from '../log-errors.ts';
import { defaultRequestTimeoutMs } from '../kafka-log-options.ts';
import type { KafkaLogOptions } from '../kafka-log-options.ts';
import { patiently } from '../patiently.ts';
import { topicSettings } from '../topic-settings.ts';
import { witnessed } from '../witnessed.ts';
import { Cluster } from './cluster.ts';
import { Connections } from './connections.ts';
import { coordinatorOf } from './coordinator.ts';
import { fetch } from './fetch-exchange.ts';
import { PlatformaticSubscription } from './platformatic-subscription.ts';
import { produceAll } from './produce-all.ts';
import { readBatches } from './record-batches.ts';

/** Small records are sent as they are; their bytes are what limits a request. */
const mostRecords = 50_000;
const bytesPerRead = 1 << 20;
const offsetOutOfRange = 1;

/** The Log on Apache Kafka by the connections and low-level requests of @platformatic/kafka. */
export class PlatformaticLog implements Log {
  readonly #options: KafkaLogOptions;
  readonly #cluster: Cluster;
  readonly #groups: Connections;
  readonly #appending: Connections;
  readonly #appends: AppendQueue;
  readonly #subscriptions = new Set<PlatformaticSubscription>();
  #closed = false;

  constructor(options: KafkaLogOptions) {
    this.#options = options;
    this.#cluster = new Cluster(options);
    this.#groups = new Connections(options);
    this.#appending = new Connections(options);
    const timeoutMs = options.requestTimeoutMs ?? defaultRequestTimeoutMs;
    const send: Send = (records) => produceAll(this.#cluster, this.#appending, records, timeoutMs);
    this.#appends = new AppendQueue(send, { ...chunkLimits, records: mostRecords });
  }

  append(records: readonly Appending[]): Promise<readonly Appended[]> {
    return this.#appends.append(records);
  }

  async read(topic: string, partition: number, from: number, maxRecords: number): Promise<readonly LogRecord[]> {
    const { start, end } = await this.bounds(topic, partition);
    if (from < start) throw logError('BEFORE_START');
    if (from > end) throw logError('BEYOND_END');
    const records: LogRecord[] = [];
    for (let next = from; next < end && records.length < maxRecords;) {
      const read = await this.#cluster.ask(topic, partition, (connection) =>
        this.#readOnce(connection, topic, partition, next),
      );
      for (const record of read.records) records.push(record);
      // Nothing more is readable for now, as behind an open transaction.
      if (read.next === next) break;
      next = read.next;
    }
    return records.slice(0, maxRecords);
  }

  bounds(topic: string, partition: number): Promise<{ readonly start: number; readonly end: number }> {
    return this.#cluster.bounds(topic, partition);
  }

  offsetAt(topic: string, partition: number, at: Instant): Promise<number> {
    return this.#cluster.offsetAt(topic, partition, at);
  }

  async facts(topic: string): Promise<Required<TopicFacts> | undefined> {
    const view = await this.#administer(() => this.#cluster.look(topic));
    return view === undefined ? undefined : { partitions: view.leaders.length, identity: view.id };
  }

  /** Topics that exist are left as they are; `facts` tells whether they have the right number of partitions. */
  async createTopics(specs: readonly TopicSpec[]): Promise<readonly string[]> {
    return this.#administer(() =>
      createMissing(
        async () => {
          const missing: TopicSpec[] = [];
          for (const spec of specs) if ((await this.#cluster.look(spec.name)) === undefined) missing.push(spec);
          return missing;
        },
        (missing) => this.#create(missing),
      ),
    );
  }

  async #create(specs: readonly TopicSpec[]): Promise<void> {
    await createTopicsV7.api.async(
      await this.#cluster.controller(),
      specs.map((spec) => {
        const { topic: name, numPartitions, replicationFactor, configEntries } = topicSettings(spec, this.#options);
        return { name, numPartitions, replicationFactor, assignments: [], configs: [...configEntries] };
      }),
      this.#options.requestTimeoutMs ?? defaultRequestTimeoutMs,
      false,
    );
    await Promise.all(specs.map(({ name }) => this.#led(name)));
  }

  async subscribe(options: SubscribeOptions, subscriber: Subscriber): Promise<Subscription> {
    const facts = await patiently(() => this.facts(options.topic));
    if (facts === undefined) throw logError('UNKNOWN_TOPIC');
    if (this.#closed) throw logError('CLOSED');
    const subscription = new PlatformaticSubscription({
      ...options,
      options: this.#options,
      cluster: this.#cluster,
      facts,
      subscriber,
      onClose: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    subscription.start();
    return subscription;
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#administer(async () => {
      const view = await this.#cluster.topic(topic);
      const connection = await this.#groups.to(await coordinatorOf(this.#cluster, group));
      const topics = [{ name: topic, partitionIndexes: [...view.leaders.keys()] }];
      const { groups } = await offsetFetchV8.api.async(
        connection,
        [{ groupId: group, memberId: null, memberEpoch: -1, topics }],
        false,
      );
      const partitions = groups.flatMap((one) => one.topics).flatMap((one) => one.partitions);
      return witnessed(
        partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]),
      );
    });
  }

  async ping(): Promise<void> {
    if (this.#closed) throw logError('CLOSED');
    try {
      await this.#cluster.refresh();
    } catch (error) {
      throw asLogError(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.#appends.close();
    await Promise.all([this.#appending.close(), this.#groups.close(), this.#cluster.close()]);
  }

  /** A coordinator that is still being found, or a broker that was lost, may answer when asked once more. */
  async #administer<T>(question: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw logError('CLOSED');
      try {
        return await question();
      } catch (error) {
        const failure = asLogError(error);
        if (failure.code !== 'UNAVAILABLE' || attempt === 3) throw failure;
        await sleep(100 * attempt);
      }
    }
  }

  async #readOnce(connection: Connection, topic: string, partition: number, from: number) {
    const { id } = await this.#cluster.topic(topic);
    const [fetched] = await fetch(
      connection,
      { topicId: id, maxWaitMs: 100, maxBytes: bytesPerRead, maxBytesPerPartition: bytesPerRead },
      [{ partition, offset: from, epoch: -1 }],
    );
    // The leader knows better whether the offset is there; the bounds were asked a moment ago.
    if (fetched?.error === offsetOutOfRange) throw logError('BEFORE_START');
    if (fetched === undefined || fetched.error !== 0) throw logError('UNAVAILABLE');
    return readBatches(topic, partition, fetched.batches, from, fetched.aborted);
  }

  /** Resolves when every partition of a new topic has a leader that this client knows of. */
  async #led(topic: string): Promise<void> {
    for (let attempt = 1; attempt <= 50; attempt++) {
      const view = await this.#cluster.look(topic).catch((error: unknown) => {
        if (protocolError(error) === undefined) throw error;
        return undefined;
      });
      if (view !== undefined && !view.leaders.includes(-1)) return;
      await sleep(20 * Math.min(attempt, 10));
    }
    throw logError('UNAVAILABLE');
  }
}
