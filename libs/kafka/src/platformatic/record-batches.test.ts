import { Reader, createRecordsBatch, crc32c, readRecordsBatches } from '@platformatic/kafka';
import { describe, expect, it } from '@jest/globals';
import type { Appending, LogRecord } from '@tocsin/core';
import fc from 'fast-check';
import { ByteReader, writeInt64 } from './byte-reader.ts';
import { produceRequest } from './produce-exchange.ts';
import { readBatches } from './record-batches.ts';

const now = 1_764_000_000_000;

const content = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }),
);
const headers = fc.dictionary(
  fc.oneof(fc.constantFrom('src', 'traceparent', '__proto__'), fc.string({ unit: 'grapheme', maxLength: 90 })),
  fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.uint8Array({ maxLength: 20 })),
  { maxKeys: 3, noNullPrototype: true },
);
const records = fc.array(
  fc.record(
    { key: content, value: content, headers: fc.option(headers, { nil: undefined }) },
    { noNullPrototype: true },
  ),
  { minLength: 1, maxLength: 300, size: 'medium' },
);

const bytes = (value: string | Uint8Array | null): Buffer | null =>
  value === null ? null : typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);

const plain = (record: Appending | LogRecord) => ({
  key: bytes(record.key),
  value: bytes(record.value),
  headers: Object.entries(record.headers ?? {})
    .map(([name, value]) => [name, bytes(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
});

/** The batches of a request with one topic, by partition. */
function batchesIn(request: Buffer): ReadonlyMap<number, Buffer> {
  const reader = new ByteReader(request, 7);
  const found = new Map<number, Buffer>();
  for (let topics = reader.compactLength(); topics > 0; topics--) {
    const name = reader.compactLength();
    reader.at += name;
    for (let partitions = reader.compactLength(); partitions > 0; partitions--) {
      const partition = reader.int32();
      const size = reader.compactLength();
      found.set(partition, request.subarray(reader.at, (reader.at += size)));
      reader.skipTags();
    }
    reader.skipTags();
  }
  reader.skipTags();
  expect(reader.at).toBe(request.length);
  return found;
}

/** As a broker stores it: with the place of its first record, and the time at which it came. */
function stored(batch: Buffer, base: number, appendedAt?: number): Buffer {
  const copy = Buffer.from(batch);
  writeInt64(copy, base, 0);
  if (appendedAt !== undefined) {
    copy.writeInt16BE(copy.readInt16BE(21) | 8, 21);
    writeInt64(copy, appendedAt, 35);
    copy.writeUInt32BE(crc32c(copy.subarray(21)), 17);
  }
  return copy;
}

const request = (list: readonly Omit<Appending, 'topic' | 'partition'>[], partition = 0): Buffer =>
  batchesIn(
    produceRequest(
      [{ topic: 't', partition, records: list.map((one) => ({ topic: 't', partition, ...one })) }],
      1_000,
      now,
    ),
  ).get(partition)!;

describe('batches of records', () => {
  it('are read as they were written, from any offset on, with the time of the log', () => {
    fc.assert(
      fc.property(records, fc.nat(2 ** 40), fc.nat(310), (list, base, skip) => {
        const written = list.map((one) => ({
          key: one.key,
          value: one.value,
          ...(one.headers && { headers: one.headers }),
        }));
        const batch = stored(request(written), base, now + 5);
        const read = readBatches('t', 3, batch, base + skip, []);
        expect(read.records.map(plain)).toEqual(
          written.slice(skip).map((one) => plain({ topic: 't', partition: 3, ...one })),
        );
        expect(read.records.map(({ offset }) => offset)).toEqual(written.slice(skip).map((_, i) => base + skip + i));
        expect(
          read.records.every(
            ({ timestamp, partition, topic }) => timestamp === now + 5 && partition === 3 && topic === 't',
          ),
        ).toBe(true);
        expect(read.next).toBe(Math.max(base + list.length, base + skip));
      }),
      { numRuns: 60 },
    );
  });

  it('are refused where a bit of one was changed on a disk or on its way', () => {
    const batch = stored(request([{ key: 'acc-1', value: '{"amount":"100.00"}' }]), 0);
    expect(readBatches('t', 0, batch, 0, []).records).toHaveLength(1);
    const digit = batch.indexOf('"100.00"') + 1;
    // The 1 becomes a 9.
    batch[digit] = batch[digit]! ^ 8;
    expect(() => readBatches('t', 0, batch, 0, [])).toThrow('checksum');
  });

  it('are read by the client, too, and their checksum is right', () => {
    fc.assert(
      fc.property(records, (list) => {
        const written = list.map((one) => ({
          key: one.key,
          value: one.value,
          ...(one.headers && { headers: one.headers }),
        }));
        const batch = request(written);
        const [read] = readRecordsBatches(Reader.from(batch));
        expect(read!.records.length).toBe(list.length);
        expect(read!.crc).toBe(crc32c(batch.subarray(21)));
        expect(read!.records.map(({ key, value }) => [key, value])).toEqual(
          written.map(({ key, value }) => [bytes(key), bytes(value)]),
        );
        expect(Number(read!.firstTimestamp)).toBe(now);
      }),
      { numRuns: 40 },
    );
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'of the client are read when compressed by %s',
    (compression) => {
      const messages = Array.from({ length: 50 }, (_, i) => ({
        topic: 't',
        partition: 0,
        key: Buffer.from(`k${i}`),
        value: Buffer.from(`value ${i}`),
        headers: new Map([[Buffer.from('n'), Buffer.from(String(i))]]),
        timestamp: BigInt(now + i - 10),
      }));
      const { records: read } = readBatches('t', 0, createRecordsBatch(messages, { compression }).buffer, 0, []);
      expect(read.map(plain)).toEqual(
        messages.map((one, i) => ({ key: one.key, value: one.value, headers: [['n', Buffer.from(String(i))]] })),
      );
      // Without LogAppendTime each has a time of its own, also one before that of the first.
      expect(read.map(({ timestamp }) => timestamp)).toEqual(messages.map(({ timestamp }) => Number(timestamp)));
    },
  );

  it('end where the answer was cut off, and several follow each other', () => {
    const one = stored(
      request([
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ]),
      10,
    );
    const other = stored(request([{ key: 'c', value: '3' }]), 14);
    const whole = Buffer.concat([one, other]);
    for (let cut = 0; cut <= whole.length; cut++) {
      const { records: read, next } = readBatches('t', 0, whole.subarray(0, cut), 11, []);
      const expected = cut < one.length ? [] : cut < whole.length ? [11] : [11, 14];
      expect(read.map(({ offset }) => offset)).toEqual(expected);
      expect(next).toBe(expected.length === 0 ? 11 : expected.at(-1)! + 1);
    }
  });

  it('of a time before Apache Kafka 0.11 are refused', () => {
    const old = request([{ key: 'a', value: '1' }]);
    old[16] = 1;
    expect(() => readBatches('t', 0, old, 0, [])).toThrow('0.11');
  });
});
