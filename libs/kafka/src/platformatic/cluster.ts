import { setTimeout as sleep } from 'node:timers/promises';
import { ResponseError, metadataV12, protocolErrorsCodesById } from '@platformatic/kafka';
import type { Broker, Connection } from '@platformatic/kafka';
import { asLogError, logError, refused } from '../log-errors.ts';
import type { KafkaLogOptions } from '../kafka-log-options.ts';
import { Connections } from './connections.ts';
import { OffsetQuestions } from './offset-questions.ts';

/** A topic as a broker last described it. */
export interface TopicView {
  /** 32 hex digits; another once the topic was deleted and created again. */
  readonly id: string;
  /** Node of the leader by partition; -1 where there is none. */
  readonly leaders: readonly number[];
}

/** ListOffsets takes these in place of a time. */
const earliest = -2n;
const latest = -1n;

const attempts = 3;

/** Where everything is in a cluster: which brokers there are, and who leads what. */
export class Cluster {
  readonly #connections: Connections;
  readonly #bootstrap: readonly Broker[];
  readonly #brokers = new Map<number, Broker>();
  readonly #topics = new Map<string, TopicView>();
  readonly #offsets = new OffsetQuestions();
  #controller = -1;
  #closed = false;

  constructor(options: KafkaLogOptions) {
    this.#connections = new Connections(options);
    this.#bootstrap = options.brokers.map((address) => {
      const colon = address.lastIndexOf(':');
      return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
    });
  }

  /** A question that any broker can answer. The brokers known are tried one after the other. @throws the last one's error */
  async any<T>(question: (connection: Connection) => Promise<T>): Promise<T> {
    const known = new Map(
      [...this.#brokers.values(), ...this.#bootstrap].map((broker) => [`${broker.host}:${broker.port}`, broker]),
    );
    let failure: unknown;
    for (const broker of known.values()) {
      if (this.#closed) throw logError('CLOSED');
      try {
        return await question(await this.#connections.to(broker));
      } catch (error) {
        if (error instanceof ResponseError) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** A connection to the broker that may create topics. */
  async controller(): Promise<Connection> {
    const broker = this.#brokers.get(this.#controller);
    if (broker === undefined) throw logError('UNAVAILABLE');
    return this.#connections.to(broker);
  }

  /** The topic as it is now; undefined where there is none. */
  async look(topic: string): Promise<TopicView | undefined> {
    const response = await this.#metadata([topic]);
    const found = response.topics.find(({ name }) => name === topic);
    if (found?.errorCode !== 0) {
      this.#topics.delete(topic);
      if (found !== undefined && found.errorCode !== unknownTopic && found.errorCode !== invalidTopic)
        throw refused(names[found.errorCode] ?? `error ${found.errorCode}`);
      return undefined;
    }
    const leaders = Array.from({ length: found.partitions.length }, () => -1);
    for (const { partitionIndex, leaderId } of found.partitions) leaders[partitionIndex] = leaderId;
    const view = { id: found.topicId.replaceAll('-', ''), leaders };
    this.#topics.set(topic, view);
    return view;
  }

  /** As it was when last looked at. @throws LogError UNKNOWN_TOPIC */
  async topic(topic: string): Promise<TopicView> {
    const view = this.#topics.get(topic) ?? (await this.look(topic));
    if (view === undefined) throw logError('UNKNOWN_TOPIC');
    return view;
  }

  /** Look again before the topic is next used: a leader was not where it was thought to be. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  /** @throws LogError UNAVAILABLE when the broker is not known (any more) */
  broker(node: number): Broker {
    const broker = this.#brokers.get(node);
    if (broker === undefined) throw logError('UNAVAILABLE');
    return broker;
  }

  /**
   * A question to the leader of a partition. Leaders move and connections break: then the view is renewed and the
   * question asked again.
   */
  async ask<T>(topic: string, partition: number, question: (connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw logError('CLOSED');
      try {
        return await question(await this.#connections.to(await this.leader(topic, partition)));
      } catch (error) {
        this.forget(topic);
        if (attempt === attempts) throw asLogError(error);
        await sleep(100 * attempt);
      }
    }
  }

  async leader(topic: string, partition: number): Promise<Broker> {
    const node = (await this.topic(topic)).leaders[partition];
    if (node === undefined) throw logError('UNKNOWN_TOPIC');
    return this.broker(node);
  }

  async bounds(topic: string, partition: number): Promise<{ readonly start: number; readonly end: number }> {
    return this.ask(topic, partition, async (connection) => {
      const [start, end] = await Promise.all([
        this.#offsets.ask(connection, topic, partition, earliest),
        this.#offsets.ask(connection, topic, partition, latest),
      ]);
      return { start, end };
    });
  }

  async offsetAt(topic: string, partition: number, at: number): Promise<number> {
    return this.ask(topic, partition, async (connection) => {
      const offset = await this.#offsets.ask(connection, topic, partition, BigInt(Math.max(0, Math.ceil(at))));
      return offset >= 0 ? offset : this.#offsets.ask(connection, topic, partition, latest);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connections.close();
  }

  /** Asks for topics by name (or for none at all) and takes down what it says about brokers. */
  async #metadata(topics: string[]): Promise<metadataV12.MetadataResponse> {
    const response = await this.any(async (connection) => {
      try {
        return await metadataV12.api.async(connection, topics, false, false);
      } catch (error) {
        // A topic or partition with an error is part of an answer.
        if (error instanceof ResponseError) return error['response'] as metadataV12.MetadataResponse;
        throw error;
      }
    });
    this.#brokers.clear();
    for (const { nodeId, host, port } of response.brokers) this.#brokers.set(nodeId, { host, port });
    this.#controller = response.controllerId;
    return response;
  }

  /** Resolves when a broker answers. */
  async refresh(): Promise<void> {
    await this.#metadata([]);
  }
}

const names = protocolErrorsCodesById as Readonly<Record<number, string>>;
const unknownTopic = 3;
const invalidTopic = 17;
