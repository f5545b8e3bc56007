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
import { logError } from './log-errors.ts';

/**
 * A log that is made when first used. A Kafka client takes 20 to 60 MB and a good part of the start of a process: the one
 * that is not chosen is never loaded.
 */
export class LateLog implements Log {
  readonly #make: () => Promise<Log>;
  #made: Promise<Log> | undefined;
  #closed = false;

  constructor(make: () => Promise<Log>) {
    this.#make = make;
  }

  async append(records: readonly Appending[]): Promise<readonly Appended[]> {
    return (await this.#log()).append(records);
  }

  async read(topic: string, partition: number, from: number, maxRecords: number): Promise<readonly LogRecord[]> {
    return (await this.#log()).read(topic, partition, from, maxRecords);
  }

  async bounds(topic: string, partition: number): Promise<{ readonly start: number; readonly end: number }> {
    return (await this.#log()).bounds(topic, partition);
  }

  async offsetAt(topic: string, partition: number, at: Instant): Promise<number> {
    return (await this.#log()).offsetAt(topic, partition, at);
  }

  async facts(topic: string): Promise<TopicFacts | undefined> {
    return (await this.#log()).facts(topic);
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<readonly string[]> {
    return (await this.#log()).createTopics(specs);
  }

  async subscribe(options: SubscribeOptions, subscriber: Subscriber): Promise<Subscription> {
    return (await this.#log()).subscribe(options, subscriber);
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return (await this.#log()).committed(group, topic);
  }

  async ping(): Promise<void> {
    return (await this.#log()).ping();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#made)?.close();
  }

  async #log(): Promise<Log> {
    if (this.#made === undefined) {
      if (this.#closed) throw logError('CLOSED');
      this.#made = this.#make();
    }
    return this.#made;
  }
}
