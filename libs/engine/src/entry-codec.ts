import { entryHeaderBytes } from '@tocsin/core';
import type { Instant } from '@tocsin/core';
import { Packr, RESERVE_START_SPACE } from 'msgpackr';
import { EngineError } from './engine-error.ts';

/** The format that this build writes. It reads its own and the one before, and refuses a newer one. */
export const entryFormat = 1;

/** What grows belongs into segments of its own, so that only what was touched is written. */
export const maxEntryBytes = 64 * 1024;

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true, copyBuffers: true });

/**
 * One entry as the store keeps it: a byte of format, eight bytes of expiry (big-endian float64, 0 = never), MessagePack.
 * @throws EngineError ENTRY_TOO_LARGE over 64 KiB
 */
export function encodeEntry(value: unknown, expiresAt: Instant = 0): Uint8Array {
  const bytes = packr.pack(value, RESERVE_START_SPACE + entryHeaderBytes);
  if (bytes.length > maxEntryBytes) {
    throw new EngineError('ENTRY_TOO_LARGE', `An entry has ${bytes.length} bytes; ${maxEntryBytes} are allowed.`);
  }
  bytes[0] = entryFormat;
  bytes.writeDoubleBE(expiresAt, 1);
  return bytes;
}

/** When the entry expires on the stage clock; 0 is never. */
export function entryExpiry(bytes: Uint8Array): Instant {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(1);
}

/**
 * The value of an entry; undefined where it has expired by `clockAt` (leave that out to read it regardless). For readers
 * that `peek`, such as the gateway: `clockAt` is the one of the slot's position.
 * @throws EngineError ENTRY_FORMAT for what this build cannot read
 */
export function decodeEntry<T = unknown>(bytes: Uint8Array, clockAt?: Instant): T | undefined {
  if (bytes.length <= entryHeaderBytes || bytes[0] === 0 || bytes[0]! > entryFormat) {
    throw new EngineError(
      'ENTRY_FORMAT',
      `An entry has format ${bytes[0] ?? 'none'}; this build reads up to ${entryFormat}.`,
    );
  }
  if (clockAt !== undefined) {
    const expiresAt = entryExpiry(bytes);
    if (expiresAt !== 0 && expiresAt <= clockAt) return undefined;
  }
  return packr.unpack(bytes.subarray(entryHeaderBytes)) as T;
}
