import type { Appending, Instant, LogRecord } from '@tocsin/core';

/*
 * A record as it lies in the file: append time (float64), length of key and of value (int32, -1 = null), number of headers
 * (uint16), key, value; then for each header length of name (uint16), length of value (uint32), name, value.
 * Big-endian.
 */

const fixedBytes = 18;
const noBytes = Buffer.alloc(0);

const bytesOf = (text: string | Uint8Array | null): Buffer | null =>
  text === null
    ? null
    : typeof text === 'string'
      ? Buffer.from(text)
      : Buffer.from(text.buffer, text.byteOffset, text.byteLength);

/** The append time is filled in later, by `stampRecord`: it is known when the record's turn comes. */
export function encodeRecord({ key, value, headers }: Appending): Buffer {
  const keyBytes = bytesOf(key);
  const valueBytes = bytesOf(value);
  const pairs = Object.entries(headers ?? {}).map(
    ([name, content]) => [Buffer.from(name), bytesOf(content) ?? noBytes] as const,
  );
  let length = fixedBytes + (keyBytes?.length ?? 0) + (valueBytes?.length ?? 0);
  for (const [name, content] of pairs) length += 6 + name.length + content.length;

  const bytes = Buffer.allocUnsafe(length);
  bytes.writeDoubleBE(0, 0);
  bytes.writeInt32BE(keyBytes?.length ?? -1, 8);
  bytes.writeInt32BE(valueBytes?.length ?? -1, 12);
  bytes.writeUInt16BE(pairs.length, 16);
  let at = fixedBytes;
  if (keyBytes !== null) at += keyBytes.copy(bytes, at);
  if (valueBytes !== null) at += valueBytes.copy(bytes, at);
  for (const [name, content] of pairs) {
    bytes.writeUInt16BE(name.length, at);
    bytes.writeUInt32BE(content.length, at + 2);
    at += 6;
    at += name.copy(bytes, at);
    at += content.copy(bytes, at);
  }
  return bytes;
}

export const stampRecord = (bytes: Buffer, at: Instant): void => void bytes.writeDoubleBE(at, 0);

export const timestampOf = (bytes: Buffer): Instant => bytes.readDoubleBE(0);

/** The parts are views of `bytes`, which nobody may change. */
export function decodeRecord(topic: string, partition: number, offset: number, bytes: Buffer): LogRecord {
  const keyLength = bytes.readInt32BE(8);
  const valueLength = bytes.readInt32BE(12);
  const headerCount = bytes.readUInt16BE(16);
  let at = fixedBytes;
  const part = (length: number): Buffer => bytes.subarray(at, (at += length));
  const key = keyLength < 0 ? null : part(keyLength);
  const value = valueLength < 0 ? null : part(valueLength);
  const headers: [string, Uint8Array][] = [];
  for (let i = 0; i < headerCount; i++) {
    const nameLength = bytes.readUInt16BE(at);
    const contentLength = bytes.readUInt32BE(at + 2);
    at += 6;
    headers.push([part(nameLength).toString(), part(contentLength)]);
  }
  return { topic, partition, offset, timestamp: timestampOf(bytes), key, value, headers: Object.fromEntries(headers) };
}
