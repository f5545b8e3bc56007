import { LogError } from '@tocsin/core';
import type { PartitionBatch, Subscriber, Subscription } from '@tocsin/core';
import type { PartitionLog } from './partition-log.ts';

/** One delivery, over all partitions, holds at most about this much. */
const deliveryBytes = 4 * 1024 * 1024;

export interface MemberParts {
  readonly subscriber: Subscriber;
  readonly maxBytesPerPartition: number;
  /** The partition as it is now, or why there is none. */
  log(partition: number): PartitionLog | LogError;
  commit(partition: number, offset: number): Promise<void>;
  left(member: Member): void;
}

/** One reader of a group. Woken when something may be there to deliver; otherwise it does nothing. */
export class Member implements Subscription {
  readonly #parts: MemberParts;
  /** Partition -> where to go on; null while nothing was sought, or it is paused. */
  readonly #positions = new Map<number, number | null>();
  /** What is being delivered, and when that is over. */
  #delivering: { readonly partitions: ReadonlySet<number>; readonly over: Promise<void> } | undefined;
  #woken = false;
  #closed = false;
  /** With which partition the next delivery begins: where not all fits into one, all have their turn. */
  #turn = 0;

  constructor(parts: MemberParts) {
    this.#parts = parts;
  }

  get owned(): readonly number[] {
    return [...this.#positions.keys()];
  }

  give(partitions: readonly number[]): void {
    for (const partition of partitions) this.#positions.set(partition, null);
    this.#parts.subscriber.assigned(partitions);
  }

  /** Returns when a running delivery of any of them is over. */
  async take(partitions: readonly number[], tell: boolean): Promise<void> {
    for (const partition of partitions) this.#positions.delete(partition);
    if (tell) this.#parts.subscriber.revoked(partitions);
    const delivering = this.#delivering;
    if (delivering !== undefined && partitions.some((partition) => delivering.partitions.has(partition))) {
      await delivering.over;
    }
  }

  seek(partition: number, offset: number): void {
    if (!this.#positions.has(partition)) return;
    this.#positions.set(partition, offset);
    this.wake();
  }

  pause(partition: number): void {
    if (this.#positions.has(partition)) this.#positions.set(partition, null);
  }

  commit(partition: number, offset: number): Promise<void> {
    return this.#parts.commit(partition, offset);
  }

  assigns(partition: number): boolean {
    return !this.#closed && this.#positions.has(partition);
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#parts.left(this);
    }
    await this.#delivering?.over;
  }

  /** Something may be there. Others have their turn of the event loop first. */
  wake(): void {
    if (this.#woken || this.#delivering !== undefined || this.#closed) return;
    this.#woken = true;
    setImmediate(() => {
      this.#woken = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#closed || this.#delivering !== undefined) return;
    const batches = this.#collect();
    if (batches.length === 0) return;
    const over = this.#parts.subscriber
      .batch(batches)
      // A subscriber must not reject; one that does has said all that it will about these records.
      .catch(() => undefined)
      .then(() => {
        this.#delivering = undefined;
        this.wake();
      });
    this.#delivering = { partitions: new Set(batches.map(({ partition }) => partition)), over };
  }

  #collect(): readonly PartitionBatch[] {
    const batches: PartitionBatch[] = [];
    const owned = this.owned;
    let bytes = 0;
    for (let i = 0; i < owned.length && bytes < deliveryBytes; i++) {
      const partition = owned[(this.#turn + i) % owned.length]!;
      const position = this.#positions.get(partition) ?? null;
      if (position === null) continue;
      const records = this.#read(partition, position);
      const last = records.at(-1);
      if (last === undefined) continue;
      // From here on a seek decides anew; what is handed over now cannot be called back.
      this.#positions.set(partition, last.offset + 1);
      batches.push({ partition, records });
      for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0) + 50;
    }
    this.#turn = owned.length === 0 ? 0 : (this.#turn + batches.length) % owned.length;
    return batches;
  }

  #read(partition: number, position: number): PartitionBatch['records'] {
    const log = this.#parts.log(partition);
    try {
      if (log instanceof LogError) throw log;
      return log.read(position, Number.MAX_SAFE_INTEGER, this.#parts.maxBytesPerPartition);
    } catch (error) {
      this.#positions.set(partition, null);
      const failure =
        error instanceof LogError
          ? error
          : new LogError('UNAVAILABLE', 'The records could not be read.', { cause: error });
      this.#parts.subscriber.failed(partition, failure);
      return [];
    }
  }
}
