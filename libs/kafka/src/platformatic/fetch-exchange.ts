import { Writer } from '@platformatic/kafka';
import type { Connection, Reader } from '@platformatic/kafka';
import { ByteReader, writeInt64 } from './byte-reader.ts';
import type { AbortedTransaction } from './record-batches.ts';

const fetchKey = 1;
/** The first version with topic ids: Apache Kafka 3.1. Newer ones add nothing that is used here. */
const fetchVersion = 13;

export interface FetchFrom {
  readonly partition: number;
  readonly offset: number;
  /** Of the last batch that was read; -1 where none was. A broker whose log went another way then says so. */
  readonly epoch: number;
}

export interface FetchOptions {
  /** 32 hex digits. */
  readonly topicId: string;
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

export interface Fetched {
  readonly partition: number;
  /** 0, or one of the protocol's codes. */
  readonly error: number;
  /** Our log is not a prefix of the broker's: from here on it differs. */
  readonly divergesAt: number | undefined;
  readonly aborted: readonly AbortedTransaction[];
  /** Whole batches, as they were written. */
  readonly batches: Buffer;
}

const nothing: readonly AbortedTransaction[] = [];
const noBatches = Buffer.alloc(0);

/** One fetch of partitions of one topic, from their leader; sees committed transactions only. @throws the client's errors */
export function fetch(
  connection: Connection,
  options: FetchOptions,
  partitions: readonly FetchFrom[],
): Promise<Fetched[]> {
  return new Promise((resolve, reject) => {
    connection.send(
      fetchKey,
      fetchVersion,
      () => Writer.create().append(fetchRequest(options, partitions)),
      (_correlation: number, _key: number, _version: number, reader: Reader) =>
        fetchResponse(reader.buffer.slice(reader.position, reader.buffer.length)),
      true,
      true,
      (error, fetched) => (error === null ? resolve(fetched!) : reject(error)),
    );
  });
}

function fetchRequest(options: FetchOptions, partitions: readonly FetchFrom[]): Buffer {
  const perPartition = 33;
  const bytes = Buffer.alloc(64 + perPartition * partitions.length);
  let at = 0;
  const int32 = (value: number): void => void (at = bytes.writeInt32BE(value, at));
  int32(-1);
  int32(options.maxWaitMs);
  int32(1);
  int32(options.maxBytes);
  // Read committed; a session of its own for each request.
  at = bytes.writeInt8(1, at);
  int32(0);
  int32(-1);
  // An array of one topic.
  at = bytes.writeUInt8(2, at);
  at += bytes.write(options.topicId, at, 'hex');
  at = writeCompactLength(bytes, partitions.length, at);
  for (const { partition, offset, epoch } of partitions) {
    int32(partition);
    int32(-1);
    writeInt64(bytes, offset, at);
    at += 8;
    int32(epoch);
    writeInt64(bytes, -1, at);
    at += 8;
    int32(options.maxBytesPerPartition);
    at = bytes.writeUInt8(0, at);
  }
  // Tags of the topic, nothing forgotten, no rack, tags of the request.
  for (const value of [0, 1, 1, 0]) at = bytes.writeUInt8(value, at);
  return bytes.subarray(0, at);
}

function writeCompactLength(bytes: Buffer, length: number, at: number): number {
  let left = length + 1;
  for (; left > 0x7f; left >>>= 7) bytes[at++] = (left & 0x7f) | 0x80;
  bytes[at++] = left;
  return at;
}

/** @throws FetchRefused when the broker refuses the request as a whole */
export function fetchResponse(bytes: Buffer): Fetched[] {
  const reader = new ByteReader(bytes);
  reader.at += 4;
  const error = reader.int16();
  reader.at += 4;
  if (error !== 0) throw new FetchRefused(error);
  const fetched: Fetched[] = [];
  for (let topics = reader.compactLength(); topics > 0; topics--) {
    reader.at += 16;
    for (let left = reader.compactLength(); left > 0; left--) fetched.push(readPartition(reader));
    reader.skipTags();
  }
  return fetched;
}

export class FetchRefused extends Error {
  constructor(readonly errorCode: number) {
    super(`The broker refused a fetch with code ${errorCode}.`);
    this.name = 'FetchRefused';
  }
}

function readPartition(reader: ByteReader): Fetched {
  const { bytes } = reader;
  const partition = reader.int32();
  const error = reader.int16();
  // High watermark, last stable offset and start of the log: nothing here depends on them.
  reader.at += 24;
  const aborted = readAborted(reader);
  // The preferred replica: all is read from the leader.
  reader.at += 4;
  const size = reader.compactLength();
  const batches = size <= 0 ? noBatches : bytes.subarray(reader.at, reader.at + size);
  reader.at += Math.max(0, size);
  let divergesAt: number | undefined;
  for (let tags = reader.unsigned(); tags > 0; tags--) {
    const tag = reader.unsigned();
    const length = reader.unsigned();
    // The diverging epoch, and the offset at which it ends.
    if (tag === 0) divergesAt = new ByteReader(bytes, reader.at + 4).int64();
    reader.at += length;
  }
  return { partition, error, divergesAt, aborted, batches };
}

function readAborted(reader: ByteReader): readonly AbortedTransaction[] {
  const count = reader.compactLength();
  if (count <= 0) return nothing;
  return Array.from({ length: count }, () => {
    const producer = reader.bytes.readBigInt64BE(reader.at);
    reader.at += 8;
    const from = reader.int64();
    reader.skipTags();
    return { producer, from };
  });
}
