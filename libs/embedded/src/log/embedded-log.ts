import { LogError } from '@tocsin/core';
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
import type { LogCore } from './log-core.ts';

/** One connection to the log of the folder. Closing it ends its subscriptions and nothing else. */
export class EmbeddedLog implements Log {
  readonly #core: LogCore;
  readonly #subscriptions = new Set<Subscription>();
  #closed = false;

  constructor(core: LogCore) {
    this.#core = core;
  }

  #open(): LogCore {
    if (this.#closed) throw new LogError('CLOSED', 'The log is closed.');
    return this.#core;
  }

  async append(records: readonly Appending[]): Promise<readonly Appended[]> {
    return this.#open().append(records);
  }

  // The methods that need not wait are async all the same, so that what they throw is a rejection.
  /* eslint-disable @typescript-eslint/require-await */
  async read(topic: string, partition: number, from: number, maxRecords: number): Promise<readonly LogRecord[]> {
    return this.#open().partition(topic, partition).read(from, maxRecords, Number.MAX_SAFE_INTEGER);
  }

  async bounds(topic: string, partition: number): Promise<{ readonly start: number; readonly end: number }> {
    const { start, end } = this.#open().partition(topic, partition);
    return { start, end };
  }

  async offsetAt(topic: string, partition: number, at: Instant): Promise<number> {
    return this.#open().partition(topic, partition).offsetAt(at);
  }

  async facts(topic: string): Promise<TopicFacts | undefined> {
    const row = this.#open().topic(topic);
    return row === undefined ? undefined : { partitions: row.partitions, identity: row.identity };
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#open().committed(group, topic);
  }

  async ping(): Promise<void> {
    this.#open();
  }

  async subscribe(options: SubscribeOptions, subscriber: Subscriber): Promise<Subscription> {
    const subscription = this.#open().subscribe(options, subscriber);
    this.#subscriptions.add(subscription);
    return subscription;
  }
  /* eslint-enable @typescript-eslint/require-await */

  async createTopics(specs: readonly TopicSpec[]): Promise<readonly string[]> {
    return this.#open().createTopics(specs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#subscriptions.clear();
  }
}
