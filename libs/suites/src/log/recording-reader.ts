import type {
  Log,
  LogError,
  LogRecord,
  PartitionBatch,
  SubscribeOptions,
  Subscriber,
  Subscription,
} from '@tocsin/core';
import { text } from './log-harness.ts';

export interface ReaderOptions {
  /** Where an assigned partition starts; undefined leaves it where it is, unsought. Default: 0. */
  startAt?(partition: number): number | undefined;
  /** Runs during each delivery. */
  handle?(batches: readonly PartitionBatch[]): Promise<void>;
}

/** Takes down what a subscription tells, and what it must never do. */
export class RecordingReader implements Subscriber {
  readonly records: LogRecord[] = [];
  readonly owned = new Set<number>();
  readonly failures: { readonly partition: number; readonly code: string }[] = [];
  readonly lost: number[] = [];
  /** Sentences about broken rules; must stay empty. */
  readonly violations: string[] = [];
  /** Total bytes of values in the largest delivery of one partition. */
  largestDelivery = 0;
  assignments = 0;
  readonly #options: ReaderOptions;
  readonly #inside = new Set<number>();
  readonly #ready = Promise.withResolvers<Subscription>();

  constructor(options: ReaderOptions = {}) {
    this.#options = options;
  }

  static async open(log: Log, options: SubscribeOptions, reader = new RecordingReader()): Promise<RecordingReader> {
    try {
      reader.#ready.resolve(await log.subscribe(options, reader));
    } catch (error) {
      reader.#ready.promise.catch(() => undefined);
      reader.#ready.reject(error);
      throw error;
    }
    return reader;
  }

  subscription(): Promise<Subscription> {
    return this.#ready.promise;
  }

  async seek(partition: number, offset: number): Promise<void> {
    (await this.#ready.promise).seek(partition, offset);
  }

  async close(): Promise<void> {
    await (await this.#ready.promise).close();
  }

  offsets(partition: number): readonly number[] {
    return this.records.filter((record) => record.partition === partition).map(({ offset }) => offset);
  }

  values(partition: number): readonly (string | null)[] {
    return this.records.filter((record) => record.partition === partition).map(({ value }) => text(value));
  }

  assigned(partitions: readonly number[]): void {
    this.assignments += 1;
    for (const partition of partitions) {
      if (this.owned.has(partition)) this.violations.push(`Partition ${partition} was assigned twice.`);
      this.owned.add(partition);
      const offset = this.#options.startAt === undefined ? 0 : this.#options.startAt(partition);
      if (offset !== undefined) void this.seek(partition, offset);
    }
  }

  revoked(partitions: readonly number[]): void {
    for (const partition of partitions) {
      if (!this.owned.delete(partition))
        this.violations.push(`Partition ${partition} was revoked, but never assigned.`);
      this.lost.push(partition);
    }
  }

  failed(partition: number, error: LogError): void {
    this.failures.push({ partition, code: error.code });
  }

  async batch(batches: readonly PartitionBatch[]): Promise<void> {
    for (const { partition, records } of batches) {
      if (!this.owned.has(partition))
        this.violations.push(`Partition ${partition} was delivered without being assigned.`);
      if (this.#inside.has(partition))
        this.violations.push(`Partition ${partition} was delivered during a delivery, or twice in one.`);
      if (records.length === 0) this.violations.push(`An empty delivery of partition ${partition}.`);
      this.#inside.add(partition);
      this.records.push(...records);
      const bytes = records.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
      this.largestDelivery = Math.max(this.largestDelivery, bytes);
    }
    try {
      await this.#options.handle?.(batches);
    } finally {
      for (const { partition } of batches) this.#inside.delete(partition);
    }
  }
}
