import { LogError } from '@tocsin/core';
import type { LogRecord, PartitionBatch, SubscribeOptions, Subscriber, Subscription } from '@tocsin/core';
import type { SimulatedLog } from './simulated-log.ts';

const defaultBytesPerPartition = 1024 * 1024;

interface Place {
  readonly identity: string | undefined;
  offset: number;
  paused: boolean;
}

/** Asked before every delivery, and waited for; `again` lets it begin with records that were handed over before. */
export type DeliveryGate = () => Promise<'again' | undefined>;

export const openGate: DeliveryGate = () => Promise.resolve(undefined);

/** One member of a group of the simulated log. */
export class SimulatedMember implements Subscription {
  readonly options: SubscribeOptions;
  readonly #log: SimulatedLog;
  readonly #subscriber: Subscriber;
  readonly #cut: (available: number) => number;
  readonly #gate: DeliveryGate;
  readonly #assigned = new Set<number>();
  readonly #places = new Map<number, Place>();
  #delivering: Promise<void> | undefined;
  #closed = false;

  constructor(
    log: SimulatedLog,
    options: SubscribeOptions,
    subscriber: Subscriber,
    cut: (available: number) => number,
    gate: DeliveryGate,
  ) {
    this.#log = log;
    this.options = options;
    this.#subscriber = subscriber;
    this.#cut = cut;
    this.#gate = gate;
  }

  /** From now on exactly these partitions are the member's. */
  give(partitions: readonly number[]): void {
    const lost = [...this.#assigned].filter((partition) => !partitions.includes(partition));
    const gained = partitions.filter((partition) => !this.#assigned.has(partition));
    for (const partition of lost) {
      this.#assigned.delete(partition);
      this.#places.delete(partition);
    }
    for (const partition of gained) this.#assigned.add(partition);
    if (lost.length > 0) this.#subscriber.revoked(lost);
    if (gained.length > 0) this.#subscriber.assigned(gained);
  }

  seek(partition: number, offset: number): void {
    if (!this.#assigned.has(partition)) return;
    this.#places.set(partition, { identity: this.#log.identity(this.options.topic), offset, paused: false });
    this.wake();
  }

  pause(partition: number): void {
    const place = this.#places.get(partition);
    if (place !== undefined) place.paused = true;
  }

  commit(partition: number, offset: number): Promise<void> {
    this.#log.commit(this.options.group, this.options.topic, partition, offset);
    return Promise.resolve();
  }

  assigns(partition: number): boolean {
    return this.#assigned.has(partition);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#delivering;
    this.#log.leave(this);
    this.give([]);
  }

  wake(): void {
    if (this.#delivering !== undefined || this.#closed) return;
    this.#delivering = Promise.resolve()
      .then(() => this.#deliver())
      .finally(() => {
        this.#delivering = undefined;
        // Something may have come after the last look.
        if (this.#available) this.wake();
      });
  }

  async #deliver(): Promise<void> {
    while (this.#available && !this.#closed) {
      // The gate comes first: what is taken after it is of the present position, whatever was sought meanwhile.
      const again = (await this.#gate()) === 'again';
      const batches = this.#take(again);
      if (batches.length > 0) await this.#subscriber.batch(batches);
    }
  }

  get #available(): boolean {
    const { topic } = this.options;
    const identity = this.#log.identity(topic);
    if (identity === undefined) return false;
    return [...this.#places].some(([partition, place]) => {
      const { start, records } = this.#log.partition(topic, partition);
      const unchanged = place.identity === identity && place.offset === start + records.length;
      return !place.paused && !unchanged;
    });
  }

  #take(again: boolean): readonly PartitionBatch[] {
    const batches: PartitionBatch[] = [];
    for (const [partition, place] of this.#places) {
      if (place.paused) continue;
      const records = this.#fetch(partition, place);
      if (records.length === 0) continue;
      const { start, records: all } = this.#log.partition(this.options.topic, partition);
      const before = again ? all.slice(Math.max(0, place.offset - start - 3), place.offset - start) : [];
      place.offset = records.at(-1)!.offset + 1;
      batches.push({ partition, records: [...before, ...records] });
    }
    return batches;
  }

  #fetch(partition: number, place: Place): readonly LogRecord[] {
    const { topic } = this.options;
    const { start, records } = this.#log.partition(topic, partition);
    const end = start + records.length;
    const code =
      this.#log.identity(topic) !== place.identity
        ? 'RECREATED'
        : place.offset < start
          ? 'BEFORE_START'
          : place.offset > end
            ? 'BEYOND_END'
            : undefined;
    if (code !== undefined) {
      place.paused = true;
      this.#subscriber.failed(partition, new LogError(code, `Offset ${place.offset}, log ${start} to ${end}.`));
      return [];
    }
    const from = place.offset - start;
    const available = this.#withinBytes(records, from);
    const count = available === 0 ? 0 : Math.min(available, Math.max(1, this.#cut(available)));
    return records.slice(from, from + count);
  }

  /** How many records from there on one delivery may have: one at least, however large it is. */
  #withinBytes(records: readonly LogRecord[], from: number): number {
    const most = this.options.maxBytesPerPartition ?? defaultBytesPerPartition;
    let bytes = 0;
    let count = 0;
    for (; from + count < records.length; count++) {
      bytes += records[from + count]!.value?.length ?? 0;
      if (bytes > most && count > 0) break;
    }
    return count;
  }
}
