import { setTimeout as sleep } from 'node:timers/promises';
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
import type { Admin, Producer } from 'kafkajs';
import { AppendQueue } from '../append-queue.ts';
import { createMissing } from '../create-missing.ts';
import { client, quickRetry } from './client.ts';
import { ClusterReader } from './cluster-reader.ts';
import { defaultRequestTimeoutMs } from '../kafka-log-options.ts';
import type { KafkaLogOptions } from '../kafka-log-options.ts';
import { KafkajsSubscription } from './kafkajs-subscription.ts';
import { asLogError, logError, protocolError } from '../log-errors.ts';
import { Connected } from './connected.ts';
import { toMessage } from './records.ts';
import { patiently } from '../patiently.ts';
import { topicSettings } from '../topic-settings.ts';
import { witnessed } from '../witnessed.ts';

const elsewhere: ReadonlySet<string> = new Set(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE']);
const attempts = 6;
const pauseMs = 50;

/** The Log on Apache Kafka by kafkajs. */
export class KafkajsLog implements Log {
  readonly #options: KafkaLogOptions;
  readonly #producer: Connected<Producer>;
  readonly #admin: Connected<Admin>;
  readonly #reader: ClusterReader;
  readonly #appends: AppendQueue;
  readonly #subscriptions = new Set<KafkajsSubscription>();
  #closed = false;

  constructor(options: KafkaLogOptions) {
    this.#options = options;
    const kafka = client(options);
    this.#producer = new Connected(() =>
      kafka.producer({
        allowAutoTopicCreation: false,
        idempotent: false,
        // An outcome that is not known is the caller's to know of: the engine replays, and readers drop what is repeated.
        retry: { ...quickRetry, retries: 0 },
        createPartitioner:
          () =>
          ({ message }) =>
            message.partition!,
      }),
    );
    this.#admin = new Connected(() => kafka.admin({ retry: quickRetry }));
    this.#reader = new ClusterReader(() => client(options));
    this.#appends = new AppendQueue((records) => this.#produceWhereLed(records));
  }

  append(records: readonly Appending[]): Promise<readonly Appended[]> {
    return this.#appends.append(records);
  }

  read(topic: string, partition: number, from: number, maxRecords: number): Promise<readonly LogRecord[]> {
    return this.#reader.read(topic, partition, from, maxRecords);
  }

  bounds(topic: string, partition: number): Promise<{ readonly start: number; readonly end: number }> {
    return this.#reader.bounds(topic, partition);
  }

  offsetAt(topic: string, partition: number, at: Instant): Promise<number> {
    return this.#reader.offsetAt(topic, partition, at);
  }

  async facts(topic: string): Promise<TopicFacts | undefined> {
    const known = await this.#administer(async (admin) => {
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics.find(({ name }) => name === topic);
      } catch (error) {
        if (protocolError(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
        throw error;
      }
    });
    if (known === undefined || known.partitions.length === 0) return undefined;
    const identity = await this.#reader.identity(topic);
    return { partitions: known.partitions.length, ...(identity === undefined ? {} : { identity }) };
  }

  /** Topics that exist are left as they are; `facts` tells whether they have the right number of partitions. */
  async createTopics(specs: readonly TopicSpec[]): Promise<readonly string[]> {
    return this.#administer((admin) =>
      createMissing(
        async () => {
          const existing = new Set(await admin.listTopics());
          return specs.filter(({ name }) => !existing.has(name));
        },
        async (missing) => {
          const topics = missing.map((spec) => {
            const settings = topicSettings(spec, this.#options);
            return { ...settings, configEntries: [...settings.configEntries] };
          });
          await admin.createTopics({ topics, waitForLeaders: true });
        },
      ),
    );
  }

  async subscribe(options: SubscribeOptions, subscriber: Subscriber): Promise<Subscription> {
    const facts = await patiently(() => this.facts(options.topic));
    if (facts === undefined) throw logError('UNKNOWN_TOPIC');
    if (this.#closed) throw logError('CLOSED');
    const subscription = new KafkajsSubscription({
      ...options,
      kafka: client(this.#options),
      reader: this.#reader,
      facts,
      subscriber,
      reports: this.#options.reports,
      onClose: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    subscription.start();
    return subscription;
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    const answers = await this.#administer((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
    const partitions = answers.flatMap((answer) => answer.partitions);
    return witnessed(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  async ping(): Promise<void> {
    await this.#administer((admin) => admin.describeCluster());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.#appends.close();
    await Promise.all([this.#producer.close(), this.#admin.close(), this.#reader.close()]);
  }

  /**
   * kafkajs asks again for every topic that an administrator ever named; one that is gone would fail all the others. So
   * after a failure the next question goes to a new one, and this one is asked once more where that may be the cause.
   */
  async #administer<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw logError('CLOSED');
      try {
        return await question(await this.#admin.get());
      } catch (error) {
        await this.#admin.reset();
        const failure = asLogError(error);
        if (failure.code !== 'UNKNOWN_TOPIC' || attempt === 2) throw failure;
      }
    }
  }

  /**
   * A partition that was made a moment ago, or whose leader went away, is refused by a broker that does not lead it. What
   * other partitions took of the same request is then written twice: a repetition in order.
   */
  async #produceWhereLed(records: readonly Appending[]): Promise<readonly Appended[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#produce(records);
      } catch (error) {
        const misdirected = elsewhere.has(protocolError(error) ?? '');
        if (!misdirected || attempt === attempts || this.#closed) throw error;
        await sleep(pauseMs * attempt);
      }
    }
  }

  async #produce(records: readonly Appending[]): Promise<readonly Appended[]> {
    const byTopic = Map.groupBy(records, ({ topic }) => topic);
    try {
      const producer = await this.#producer.get();
      const answers = await producer.sendBatch({
        acks: -1,
        timeout: this.#options.requestTimeoutMs ?? defaultRequestTimeoutMs,
        topicMessages: [...byTopic].map(([topic, ofTopic]) => ({ topic, messages: ofTopic.map(toMessage) })),
      });
      const next = new Map(
        answers.map((answer) => [`${answer.topicName}/${answer.partition}`, Number(answer.baseOffset)]),
      );
      return records.map(({ topic, partition }) => {
        const place = `${topic}/${partition}`;
        const offset = next.get(place);
        // kafkajs leaves out, without a word, a partition that it does not know.
        if (offset === undefined || offset < 0) throw logError('UNKNOWN_TOPIC');
        next.set(place, offset + 1);
        return { topic, partition, offset };
      });
    } catch (error) {
      const failure = asLogError(error);
      // A producer keeps asking for every topic it ever wrote to; one that is gone would fail all the others.
      if (failure.code === 'UNKNOWN_TOPIC') await this.#producer.reset();
      throw failure;
    }
  }
}
