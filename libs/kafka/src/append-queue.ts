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

/** Consecutive records of one call. */
interface Span {
  readonly call: Call;
  readonly from: number;
  readonly to: number;
}

const bytesOf = (value: string | Uint8Array | null): number =>
  value === null ? 0 : typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength;

/** Generous: lengths and deltas of a record take at most 24 bytes, a header's at most 10. */
export function recordBytes({ key, value, headers }: Appending): number {
  let size = 24 + bytesOf(key) + bytesOf(value);
  for (const name in headers) size += 10 + Buffer.byteLength(name) + bytesOf(headers[name]!);
  return size;
}

/** How many bytes of a request go to each partition. */
class Sizes {
  readonly #byTopic = new Map<string, number[]>();
  #topic: string | undefined;
  #ofTopic: number[] = [];

  /** What the partition would have with so many more. */
  with(topic: string, partition: number, size: number): number {
    if (topic !== this.#topic) {
      let ofTopic = this.#byTopic.get(topic);
      if (ofTopic === undefined) this.#byTopic.set(topic, (ofTopic = []));
      this.#topic = topic;
      this.#ofTopic = ofTopic;
    }
    return (this.#ofTopic[partition] ?? 0) + size;
  }

  /** Of the partition that was last asked about. */
  set(partition: number, size: number): void {
    this.#ofTopic[partition] = size;
  }
}

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
    // What is appended in the same turn of the event loop goes into the same request.
    await new Promise(setImmediate);
    for (;;) {
      const chunk = this.#nextChunk();
      if (chunk.length === 0) break;
      await this.#deliver(chunk);
      this.#settle();
    }
    this.#running = undefined;
  }

  /** The longest beginning of what waits that keeps all limits; at least one record. */
  #nextChunk(): readonly Span[] {
    const chunk: Span[] = [];
    const { bytesPerPartition, bytes, records: most } = this.#limits;
    const sizes = new Sizes();
    let total = 0;
    let count = 0;
    for (const call of this.#calls) {
      if (call.failed) continue;
      const from = call.next;
      const { records } = call;
      let full = false;
      while (call.next < records.length) {
        const record = records[call.next]!;
        const size = recordBytes(record);
        const there = sizes.with(record.topic, record.partition, size);
        total += size;
        full = count > 0 && (there > bytesPerPartition || total > bytes || count >= most);
        if (full) break;
        sizes.set(record.partition, there);
        call.next += 1;
        count += 1;
      }
      if (call.next > from) chunk.push({ call, from, to: call.next });
      if (full) break;
    }
    return chunk;
  }

  /**
   * A refusal for good (too large, no such topic) concerns one record, yet the broker names only the request. So a
   * refused request is sent again in halves until the record is found, and nobody else's append fails with it. What is
   * thereby written twice is a repetition in order, which readers drop. After a failure nothing more of that call is
   * sent: a gap followed by later records would look like a re-ordering.
   */
  async #deliver(chunk: readonly Span[]): Promise<void> {
    const spans = chunk.filter(({ call }) => !call.failed);
    if (spans.length === 0) return;
    const records = recordsOf(spans);
    try {
      const results = await this.#send(records);
      let at = 0;
      for (const { call, from, to } of spans) for (let i = from; i < to; i++) call.results[i] = results[at++]!;
    } catch (error) {
      const failure = asLogError(error);
      if (failure.code !== 'UNAVAILABLE' && records.length > 1) {
        const [first, second] = halves(spans, Math.ceil(records.length / 2));
        await this.#deliver(first);
        await this.#deliver(second);
      } else {
        for (const { call } of spans) this.#fail(call, failure);
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

/** A call that fits into one request is sent as it is. */
function recordsOf(spans: readonly Span[]): readonly Appending[] {
  const [{ call, from, to }] = spans as readonly [Span];
  if (spans.length === 1 && from === 0 && to === call.records.length) return call.records;
  const records: Appending[] = [];
  for (const span of spans) for (let i = span.from; i < span.to; i++) records.push(span.call.records[i]!);
  return records;
}

function halves(spans: readonly Span[], middle: number): readonly [Span[], Span[]] {
  const first: Span[] = [];
  const second: Span[] = [];
  let left = middle;
  for (const { call, from, to } of spans) {
    const cut = Math.min(to, from + left);
    if (cut > from) first.push({ call, from, to: cut });
    if (cut < to) second.push({ call, from: cut, to });
    left -= cut - from;
  }
  return [first, second];
}
