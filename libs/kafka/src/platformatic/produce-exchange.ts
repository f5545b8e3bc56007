import { ResponseError, Writer, crc32c, produceV9, protocolErrorsCodesById } from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';
import type { Appending } from '@tocsin/core';
import { sizeOfUnsigned, sizeOfVarint, writeInt64, writeUnsigned, writeVarint } from './byte-reader.ts';

const produceKey = 0;
/** Apache Kafka 2.6. Newer versions add what transactions and topic ids need. */
const produceVersion = 9;

/** Records for one partition, written as one batch. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly Appending[];
}

/** What became of one batch: where its first record stands, or why it was refused (the client's words). */
export type Outcome = { readonly base: number } | { readonly error: string };

/** One request, acknowledged by all replicas in sync; outcomes in the order of the batches. @throws the client's errors; then nothing is known */
export function produce(connection: Connection, batches: readonly Batch[], timeoutMs: number): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    connection.send(
      produceKey,
      produceVersion,
      () => Writer.create().append(produceRequest(batches, timeoutMs, Date.now())),
      produceV9.parseResponse,
      true,
      true,
      (error, response: produceV9.ProduceResponse | null | undefined) => {
        const answer = error instanceof ResponseError ? (error['response'] as produceV9.ProduceResponse) : response;
        // After its time-out the client hands over null, whatever its types say.
        if (answer === undefined || answer === null) return reject(error ?? new Error('A produce was not answered.'));
        const outcomes = new Map<string, Outcome>();
        for (const { name, partitionResponses } of answer.responses) {
          for (const { index, errorCode, baseOffset } of partitionResponses) {
            const outcome =
              errorCode === 0
                ? { base: Number(baseOffset) }
                : {
                    error:
                      (protocolErrorsCodesById as Readonly<Record<number, string>>)[errorCode] ??
                      'UNKNOWN_SERVER_ERROR',
                  };
            outcomes.set(`${name}/${index}`, outcome);
          }
        }
        const missing: Outcome = { error: 'UNKNOWN_SERVER_ERROR' };
        resolve(batches.map(({ topic, partition }) => outcomes.get(`${topic}/${partition}`) ?? missing));
      },
    );
  });
}

// Places in a batch.
const crcAt = 17;
const crcFrom = 21;
const recordsAt = 61;

const bytesOf = (content: string | Uint8Array | null): number =>
  content === null ? 0 : typeof content === 'string' ? Buffer.byteLength(content) : content.length;

const nullableSize = (content: string | Uint8Array | null, size: number): number =>
  content === null ? 1 : sizeOfVarint(size) + size;

/** Without the length that precedes it. */
function recordSize({ key, value, headers }: Appending, delta: number): number {
  // Attributes and a time like that of the batch are one byte each.
  let size = 2 + sizeOfVarint(delta) + nullableSize(key, bytesOf(key)) + nullableSize(value, bytesOf(value));
  let count = 0;
  for (const name in headers) {
    const nameSize = Buffer.byteLength(name);
    const contentSize = bytesOf(headers[name]!);
    size += sizeOfVarint(nameSize) + nameSize + sizeOfVarint(contentSize) + contentSize;
    count++;
  }
  return size + sizeOfVarint(count);
}

/** The whole request in one piece of memory: sizes are taken first, so that nothing is copied together later. */
export function produceRequest(batches: readonly Batch[], timeoutMs: number, now: number): Buffer {
  const byTopic = Map.groupBy(batches, ({ topic }) => topic);
  let total = 1 + 2 + 4 + sizeOfUnsigned(byTopic.size + 1) + 1;
  const sizes = new Map<Batch, { readonly records: Uint32Array; readonly bytes: number }>();
  for (const [topic, ofTopic] of byTopic) {
    const name = Buffer.byteLength(topic);
    total += sizeOfUnsigned(name + 1) + name + sizeOfUnsigned(ofTopic.length + 1) + 1;
    for (const batch of ofTopic) {
      const records = new Uint32Array(batch.records.length);
      let bytes = recordsAt;
      for (let i = 0; i < records.length; i++) {
        const size = recordSize(batch.records[i]!, i);
        records[i] = size;
        bytes += sizeOfVarint(size) + size;
      }
      sizes.set(batch, { records, bytes });
      total += 4 + sizeOfUnsigned(bytes + 1) + bytes + 1;
    }
  }
  const request = Buffer.allocUnsafe(total);
  // No transaction; all replicas in sync must have it.
  request[0] = 0;
  request.writeInt16BE(-1, 1);
  request.writeInt32BE(timeoutMs, 3);
  let at = writeUnsigned(request, byTopic.size + 1, 7);
  for (const [topic, ofTopic] of byTopic) {
    at = writeUnsigned(request, Buffer.byteLength(topic) + 1, at);
    at += request.write(topic, at);
    at = writeUnsigned(request, ofTopic.length + 1, at);
    for (const batch of ofTopic) {
      const { records, bytes } = sizes.get(batch)!;
      at = request.writeInt32BE(batch.partition, at);
      at = writeUnsigned(request, bytes + 1, at);
      at = writeBatch(request, at, bytes, batch.records, records, now);
      request[at++] = 0;
    }
    request[at++] = 0;
  }
  request[at] = 0;
  return request;
}

function writeBatch(
  request: Buffer,
  at: number,
  bytes: number,
  records: readonly Appending[],
  sizes: Uint32Array,
  now: number,
): number {
  const last = records.length - 1;
  writeInt64(request, 0, at);
  // The length counts from here on; no leader epoch; magic 2; the checksum comes last; no attributes.
  request.writeInt32BE(bytes - 12, at + 8);
  request.writeInt32BE(-1, at + 12);
  request[at + 16] = 2;
  request.writeInt16BE(0, at + crcFrom);
  request.writeInt32BE(last, at + 23);
  writeInt64(request, now, at + 27);
  writeInt64(request, now, at + 35);
  // No producer id, epoch or sequence: repetitions are dropped by whoever reads.
  request.fill(0xff, at + 43, at + 57);
  request.writeInt32BE(records.length, at + 57);
  let next = at + recordsAt;
  for (let i = 0; i <= last; i++) next = writeRecord(request, next, records[i]!, i, sizes[i]!);
  // Wrapped, because the client would copy plain bytes first.
  const checked = Writer.create().append(request.subarray(at + crcFrom, next)).dynamicBuffer;
  request.writeUInt32BE(crc32c(checked), at + crcAt);
  return next;
}

function writeRecord(request: Buffer, at: number, record: Appending, delta: number, size: number): number {
  at = writeVarint(request, size, at);
  request[at++] = 0;
  request[at++] = 0;
  at = writeVarint(request, delta, at);
  at = writeContent(request, at, record.key);
  at = writeContent(request, at, record.value);
  const { headers } = record;
  let count = 0;
  for (const _ in headers) count++;
  at = writeVarint(request, count, at);
  for (const name in headers) {
    at = writeContent(request, at, name);
    at = writeContent(request, at, headers[name]!);
  }
  return at;
}

function writeContent(request: Buffer, at: number, content: string | Uint8Array | null): number {
  if (content === null) return writeVarint(request, -1, at);
  if (typeof content !== 'string') {
    at = writeVarint(request, content.length, at);
    request.set(content, at);
    return at + content.length;
  }
  at = writeVarint(request, Buffer.byteLength(content), at);
  return at + request.write(content, at);
}
