import { createHash } from 'node:crypto';
import { LogError } from '@tocsin/core';
import type { Instant, LogRecord } from '@tocsin/core';
import type { BytesTable, Store } from '../store.ts';
import type { TextTable } from '../text-table.ts';
import { decodeRecord, stampRecord, timestampOf } from './record-codec.ts';
import { Tail } from './tail.ts';

export interface TopicRow {
  /** Stands for the topic in keys; never given twice. */
  readonly no: number;
  /** Random, new for every creation. */
  readonly identity: string;
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  readonly retentionMs?: number;
}

/** What is known about a partition that has been trimmed, so that it is known even when no record is left. */
interface TrimRow {
  readonly start: number;
  readonly end: number;
  readonly lastAt: Instant;
}

export interface LogTables {
  readonly store: Store;
  readonly records: BytesTable;
  readonly trims: TextTable<TrimRow>;
  /** Of compacted topics: topic, partition, hash of key -> offset of its newest record. */
  readonly newest: BytesTable;
  /** Of compacted topics: place of a tombstone -> hash of its key. */
  readonly tombstones: BytesTable;
}

const tailBytes = 256 * 1024;
const removedAtOnce = 2_000;
/** Readers of a compacted topic have this long to learn of a removal. */
const tombstoneMs = 24 * 3_600_000;

/** Where a record lies: topic, partition, offset, in byte order (a float64 that is not negative sorts by its bytes). */
function place(topicNo: number, partition: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(16);
  key.writeUInt32BE(topicNo, 0);
  key.writeUInt32BE(partition, 4);
  key.writeDoubleBE(offset, 8);
  return key;
}

const offsetOf = (key: Buffer): number => key.readDoubleBE(8);

function newestKey(topicNo: number, partition: number, hash: Buffer): Buffer {
  return Buffer.concat([place(topicNo, partition, 0).subarray(0, 8), hash]);
}

/** One partition of one topic. What is written inside a transaction counts for readers once that is committed. */
export class PartitionLog {
  readonly topic: TopicRow;
  readonly partition: number;
  readonly #tables: LogTables;
  readonly #tail = new Tail(tailBytes);
  /** First offset kept, and the next one: as committed. */
  start: number;
  end: number;
  #lastAt: Instant;
  /** The same with what the running transaction has written. */
  #nextOffset: number;
  #nextAt: Instant;
  #unseen: { readonly record: LogRecord; readonly size: number }[] = [];

  constructor(tables: LogTables, topic: TopicRow, partition: number) {
    this.#tables = tables;
    this.topic = topic;
    this.partition = partition;
    const trimmed = tables.trims.get(this.#trimKey);
    const [last] = tables.records.getRange({
      start: place(topic.no, partition, Number.MAX_VALUE),
      end: place(topic.no, partition, 0).subarray(0, 8),
      reverse: true,
      limit: 1,
    });
    this.start = trimmed?.start ?? 0;
    this.end = Math.max(trimmed?.end ?? 0, last === undefined ? 0 : offsetOf(last.key) + 1);
    this.#lastAt = Math.max(trimmed?.lastAt ?? 0, last === undefined ? 0 : timestampOf(last.value));
    this.#nextOffset = this.end;
    this.#nextAt = this.#lastAt;
  }

  get #trimKey(): string {
    return `${this.topic.no}/${this.partition}`;
  }

  /** Inside a transaction. The append time never runs backwards. Returns the offset. */
  write(bytes: Buffer, now: Instant): number {
    const { no, name, cleanup } = this.topic;
    const offset = this.#nextOffset++;
    this.#nextAt = Math.max(this.#nextAt, now);
    stampRecord(bytes, this.#nextAt);
    void this.#tables.records.put(place(no, this.partition, offset), bytes);
    const record = decodeRecord(name, this.partition, offset, bytes);
    if (cleanup === 'compact' && record.key !== null) this.#supersede(record.key, record);
    this.#unseen.push({ record, size: bytes.length });
    return offset;
  }

  /** Of a compacted topic only the newest record of each key is kept. */
  #supersede(key: Uint8Array, { offset, value }: LogRecord): void {
    const { records, newest, tombstones } = this.#tables;
    const hash = createHash('sha256').update(key).digest();
    const index = newestKey(this.topic.no, this.partition, hash);
    const before = newest.get(index);
    if (before !== undefined) {
      const former = place(this.topic.no, this.partition, before.readDoubleBE(0));
      void records.remove(former);
      void tombstones.remove(former);
    }
    const newestOffset = Buffer.allocUnsafe(8);
    newestOffset.writeDoubleBE(offset, 0);
    void newest.put(index, newestOffset);
    if (value === null) void tombstones.put(place(this.topic.no, this.partition, offset), hash);
  }

  committed(): void {
    if (this.topic.cleanup === 'delete') for (const { record, size } of this.#unseen) this.#tail.push(record, size);
    this.#unseen = [];
    this.end = this.#nextOffset;
    this.#lastAt = this.#nextAt;
  }

  rolledBack(): void {
    this.#unseen = [];
    this.#nextOffset = this.end;
    this.#nextAt = this.#lastAt;
  }

  /**
   * Records from an offset on, at least one where there is one.
   * @throws LogError BEFORE_START, BEYOND_END
   */
  read(from: number, maxRecords: number, maxBytes: number): readonly LogRecord[] {
    const { name } = this.topic;
    const where = `offset ${from} of ${name}/${this.partition}`;
    if (from < this.start)
      throw new LogError('BEFORE_START', `No record before ${this.start} is kept, so not ${where}.`);
    if (from > this.end) throw new LogError('BEYOND_END', `The log ends at ${this.end}, before ${where}.`);
    if (from === this.end || maxRecords <= 0) return [];
    return this.#tail.read(from, maxRecords, maxBytes) ?? this.#readFile(from, maxRecords, maxBytes);
  }

  #readFile(from: number, maxRecords: number, maxBytes: number): readonly LogRecord[] {
    const { no, name } = this.topic;
    const found: LogRecord[] = [];
    let bytes = 0;
    const range = { start: place(no, this.partition, from), end: place(no, this.partition, this.end) };
    for (const { key, value } of this.#tables.records.getRange(range)) {
      bytes += value.length;
      if (found.length === maxRecords || (bytes > maxBytes && found.length > 0)) break;
      found.push(decodeRecord(name, this.partition, offsetOf(key), value));
    }
    return found;
  }

  /** Append times never run backwards, so a binary search finds the first record at or after a time. */
  offsetAt(at: Instant): number {
    let low = this.start;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const record = this.#first(middle, high);
      if (record === undefined) high = middle;
      else if (record.timestamp >= at) high = middle;
      else low = record.offset + 1;
    }
    return this.#first(low, this.end)?.offset ?? this.end;
  }

  #first(from: number, before: number): { readonly offset: number; readonly timestamp: Instant } | undefined {
    const { no } = this.topic;
    const range = { start: place(no, this.partition, from), end: place(no, this.partition, before), limit: 1 };
    for (const { key, value } of this.#tables.records.getRange(range)) {
      return { offset: offsetOf(key), timestamp: timestampOf(value) };
    }
    return undefined;
  }

  /** Removes the records before this offset: from then on they count as gone, and their bytes follow bit by bit. */
  async trim(before: number): Promise<void> {
    const { store, trims } = this.#tables;
    const start = Math.min(before, this.end);
    if (start > this.start) {
      await store.change(() => trims.put(this.#trimKey, { start, end: this.end, lastAt: this.#lastAt }));
      this.start = start;
    }
    await this.#erase(this.start);
  }

  /** The topic is no more; what it held goes. */
  async drop(): Promise<void> {
    await this.#erase(Number.MAX_VALUE);
    await this.#tables.store.change(() => this.#tables.trims.remove(this.#trimKey));
  }

  async #erase(before: number): Promise<void> {
    const { store, records } = this.#tables;
    const { no } = this.topic;
    const range = { start: place(no, this.partition, 0), end: place(no, this.partition, before), limit: removedAtOnce };
    for (;;) {
      const gone = [...records.getKeys(range)];
      if (gone.length === 0) return;
      await store.change(() => {
        for (const key of gone) void records.remove(key);
      });
    }
  }

  /** Of a compacted topic: tombstones have been there for long enough. */
  async forgetTombstones(now: Instant): Promise<void> {
    const { store, records, newest, tombstones } = this.#tables;
    const { no } = this.topic;
    const range = {
      start: place(no, this.partition, 0),
      end: place(no, this.partition, this.end),
      limit: removedAtOnce,
    };
    const old: { readonly key: Buffer; readonly hash: Buffer }[] = [];
    for (const { key, value: hash } of tombstones.getRange(range)) {
      const record = records.get(key);
      if (record !== undefined && timestampOf(record) > now - tombstoneMs) break;
      old.push({ key, hash });
    }
    if (old.length === 0) return;
    await store.change(() => {
      for (const { key, hash } of old) {
        void records.remove(key);
        void tombstones.remove(key);
        const index = newestKey(no, this.partition, hash);
        if (newest.get(index)?.readDoubleBE(0) === offsetOf(key)) void newest.remove(index);
      }
    });
  }
}
