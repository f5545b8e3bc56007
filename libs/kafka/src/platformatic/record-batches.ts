import { Writer, compressionsAlgorithmsByBitmask, crc32c } from '@platformatic/kafka';
import type { LogRecord } from '@tocsin/core';
import { ByteReader, readInt64 } from './byte-reader.ts';

/** A transaction that was taken back: what this producer wrote from this offset on, up to its marker. */
export interface AbortedTransaction {
  readonly producer: bigint;
  readonly from: number;
}

export interface ReadBatches {
  readonly records: LogRecord[];
  /** Where to read on: after what was skipped (markers, transactions taken back), too. */
  readonly next: number;
  /** Leader epoch of the last whole batch; -1 where there was none. */
  readonly epoch: number;
}

// Places in a batch.
const lengthAt = 8;
const epochAt = 12;
const magicAt = 16;
const crcAt = 17;
const attributesAt = 21;
const lastDeltaAt = 23;
const firstTimeAt = 27;
const maxTimeAt = 35;
const producerAt = 43;
const countAt = 57;
const recordsAt = 61;

const compressionBits = 0b111;
const logAppendTime = 1 << 3;
const transactional = 1 << 4;
const control = 1 << 5;

const empty = Buffer.alloc(0);
const noHeaders: LogRecord['headers'] = Object.freeze({});

/**
 * The records of one partition of a fetch, from an offset on. A fetch returns whole batches as they were written: the
 * first may begin before the offset, and the last may be cut off. Keys, values and headers are views into the bytes.
 */
export function readBatches(
  topic: string,
  partition: number,
  bytes: Buffer,
  from: number,
  aborted: readonly AbortedTransaction[],
): ReadBatches {
  const records: LogRecord[] = [];
  const pending = aborted.toSorted((a, b) => a.from - b.from);
  const takenBack = new Set<bigint>();
  let next = from;
  let epoch = -1;
  for (let at = 0; at + recordsAt <= bytes.length;) {
    const end = at + epochAt + bytes.readInt32BE(at + lengthAt);
    if (end > bytes.length) break;
    if (bytes[at + magicAt] !== 2) throw new Error('A batch is in a format from before Apache Kafka 0.11.');
    // Wrapped, because the client would copy plain bytes first.
    const checked = Writer.create().append(bytes.subarray(at + attributesAt, end)).dynamicBuffer;
    if (crc32c(checked) !== bytes.readUInt32BE(at + crcAt))
      throw new Error('A batch is damaged: its checksum differs.');
    const base = readInt64(bytes, at);
    const last = base + bytes.readInt32BE(at + lastDeltaAt);
    const attributes = bytes.readInt16BE(at + attributesAt);
    epoch = bytes.readInt32BE(at + epochAt);
    while (pending.length > 0 && pending[0]!.from <= last) takenBack.add(pending.shift()!.producer);
    if ((attributes & control) !== 0) {
      // A commit ends no transaction that was taken back; a producer's abort ends the one that is open.
      if (isAbort(bytes, at)) takenBack.delete(bytes.readBigInt64BE(at + producerAt));
    } else if (
      last >= from &&
      !((attributes & transactional) !== 0 && takenBack.has(bytes.readBigInt64BE(at + producerAt)))
    ) {
      readBatch(topic, partition, bytes, at, end, base, attributes, from, records);
    }
    next = Math.max(next, last + 1);
    at = end;
  }
  return { records, next, epoch };
}

/** The key of a marker is its version and its kind: 0 for an abort. */
function isAbort(bytes: Buffer, at: number): boolean {
  const reader = new ByteReader(bytes, at + recordsAt);
  reader.varint();
  reader.at += 1;
  reader.varlong();
  reader.varint();
  return reader.varint() >= 4 && bytes.readInt16BE(reader.at + 2) === 0;
}

function readBatch(
  topic: string,
  partition: number,
  bytes: Buffer,
  at: number,
  end: number,
  base: number,
  attributes: number,
  from: number,
  into: LogRecord[],
): void {
  const appendTime = (attributes & logAppendTime) !== 0;
  const baseTime = readInt64(bytes, at + (appendTime ? maxTimeAt : firstTimeAt));
  const count = bytes.readInt32BE(at + countAt);
  const reader = plain(bytes.subarray(at + recordsAt, end), attributes & compressionBits);
  const content = reader.bytes;
  for (let i = 0; i < count; i++) {
    const length = reader.varint();
    const after = reader.at + length;
    // Attributes of a record are not used.
    reader.at += 1;
    const delta = reader.varlong();
    const offset = base + reader.varint();
    if (offset < from) {
      reader.at = after;
      continue;
    }
    const keyLength = reader.varint();
    const key = keyLength < 0 ? null : content.subarray(reader.at, (reader.at += keyLength));
    const valueLength = reader.varint();
    const value = valueLength < 0 ? null : content.subarray(reader.at, (reader.at += valueLength));
    const headerCount = reader.varint();
    into.push({
      topic,
      partition,
      offset,
      timestamp: appendTime ? baseTime : baseTime + delta,
      key,
      value,
      headers: headerCount === 0 ? noHeaders : readHeaders(reader, headerCount),
    });
    reader.at = after;
  }
}

function plain(content: Buffer, compression: number): ByteReader {
  if (compression === 0) return new ByteReader(content);
  const algorithm = compressionsAlgorithmsByBitmask[String(compression)];
  if (algorithm === undefined) throw new Error('A batch is compressed in a way that is not known.');
  return new ByteReader(algorithm.decompressSync(content));
}

/** Of a header that stands more than once the last one counts. */
function readHeaders(reader: ByteReader, count: number): LogRecord['headers'] {
  const { bytes } = reader;
  const headers: Record<string, Uint8Array> = {};
  for (let i = 0; i < count; i++) {
    const nameLength = reader.varint();
    const name = headerName(bytes, reader.at, nameLength);
    reader.at += nameLength;
    const length = reader.varint();
    const content = length <= 0 ? empty : bytes.subarray(reader.at, (reader.at += length));
    if (name === '__proto__') Object.defineProperty(headers, name, { value: content, enumerable: true });
    else headers[name] = content;
  }
  return headers;
}

/** Names seen before, by length: the same few stand on every record, and comparing is cheaper than decoding. */
const known: { readonly bytes: Uint8Array; readonly name: string }[][] = [];
const longestKnown = 64;
const mostKnown = 8;

function headerName(bytes: Buffer, at: number, length: number): string {
  if (length > longestKnown) return bytes.toString('utf8', at, at + length);
  const candidates = (known[length] ??= []);
  for (const candidate of candidates) if (equals(candidate.bytes, bytes, at)) return candidate.name;
  const name = bytes.toString('utf8', at, at + length);
  if (candidates.length < mostKnown) candidates.push({ bytes: Uint8Array.from(bytes.subarray(at, at + length)), name });
  return name;
}

function equals(one: Uint8Array, bytes: Buffer, at: number): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== bytes[at + i]) return false;
  return true;
}
