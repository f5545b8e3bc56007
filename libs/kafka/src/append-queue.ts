import { LogError } from '@tocsin/core';
import type { Appended, Appending } from '@tocsin/core';
import { asLogError, logError } from './log-errors.ts';

/** Writes one request and waits for the acknowledgement of every partition in it; results in the order of the records. */
export type Send = (records: readonly Appending[]) => Promise<readonly Appended[]>;

export interface ChunkLimits {
  /** Bytes of one request for one partition. A batch over the broker's limit (1 MiB by default) is refused whole. */
  readonly bytesPerPartition: number;
  readonly bytes: number;
  /** Records of one request; kafkajs sorts them into partitions at a cost that grows with the square. */
  readonly records: number;
}

export const chunkLimits: ChunkLimits = { bytesPerPartition: 500_000, bytes: 4_000_000, records: 4_000 };

interface Call {
  readonly records: readonly Appending[];
  readonly results: Appended[];
  next: number;
  failed: boolean;
  resolve(results: readonly Appended[]): void;
  reject(error: LogError): void;
}

interface Entry {
  readonly call: Call;
  readonly index: number;
}

const bytesOf = (value: string | Uint8Array | null): number =>
  value === null ? 0 : typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength;

/** Generous: lengths and deltas of a record take at most 24 bytes, a header's at most 10. */
export const recordBytes = ({ key, value, headers }: Appending): number =>
  Object.entries(headers ?? {}).reduce(
    (sum, [name, content]) => sum + 10 + Buffer.byteLength(name) + bytesOf(content),
    24 + bytesOf(key) + bytesOf(value),
  );

/**
 * Sends appends in the order in which they were called, one request at a time; what is called meanwhile shares the next
 * request. So records of one call, and of calls one after the other, stand in their partitions in that order, and many
 * small appends cost few requests.
 */
export class AppendQueue {
  readonly #send: Send;
  readonly #limits: ChunkLimits;
  #calls: Call[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(send: Send, limits: ChunkLimits = chunkLimits) {
    this.#send = send;
    this.#limits = limits;
  }

  append(records: readonly Appending[]): Promise<readonly Appended[]> {
    if (this.#closed) return Promise.reject(logError('CLOSED'));
    if (records.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#calls.push({ records, results: [], next: 0, failed: false, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Refuses what waits, and waits for the request that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const call of this.#calls) if (call.next === 0) this.#fail(call, logError('CLOSED'));
    await this.#running;
  }

  async #run(): Promise<void> {
    // What is appended in the same turn goes into the same request.
    await Promise.resolve();
    for (;;) {
      const chunk = this.#nextChunk();
      if (chunk.length === 0) break;
      await this.#deliver(chunk);
      this.#settle();
    }
    this.#running = undefined;
  }

  /** The longest beginning of what waits that keeps all limits; at least one record. */
  #nextChunk(): readonly Entry[] {
    const chunk: Entry[] = [];
    const perPartition = new Map<string, number>();
    let total = 0;
    for (const call of this.#calls) {
      if (call.failed) continue;
      while (call.next < call.records.length) {
        const record = call.records[call.next]!;
        const place = `${record.topic}/${record.partition}`;
        const size = recordBytes(record);
        const there = (perPartition.get(place) ?? 0) + size;
        total += size;
        const full =
          there > this.#limits.bytesPerPartition || total > this.#limits.bytes || chunk.length >= this.#limits.records;
        if (full && chunk.length > 0) return chunk;
        perPartition.set(place, there);
        chunk.push({ call, index: call.next });
        call.next += 1;
      }
    }
    return chunk;
  }

  /**
   * A refusal for good (too large, no such topic) concerns one record, yet the broker names only the request. So a
   * refused request is sent again in halves until the record is found, and nobody else's append fails with it. What is
   * thereby written twice is a repetition in order, which readers drop. After a failure nothing more of that call is
   * sent: a gap followed by later records would look like a re-ordering.
   */
  async #deliver(chunk: readonly Entry[]): Promise<void> {
    const entries = chunk.filter(({ call }) => !call.failed);
    if (entries.length === 0) return;
    try {
      const results = await this.#send(entries.map(({ call, index }) => call.records[index]!));
      entries.forEach(({ call, index }, i) => (call.results[index] = results[i]!));
    } catch (error) {
      const failure = asLogError(error);
      if (failure.code !== 'UNAVAILABLE' && entries.length > 1) {
        const middle = Math.ceil(entries.length / 2);
        await this.#deliver(entries.slice(0, middle));
        await this.#deliver(entries.slice(middle));
      } else {
        for (const { call } of entries) this.#fail(call, failure);
      }
    }
  }

  #settle(): void {
    const open: Call[] = [];
    for (const call of this.#calls) {
      if (call.failed) continue;
      if (call.next < call.records.length) open.push(call);
      else call.resolve(call.results);
    }
    this.#calls = open;
  }

  #fail(call: Call, error: LogError): void {
    if (call.failed) return;
    call.failed = true;
    call.reject(error);
  }
}
