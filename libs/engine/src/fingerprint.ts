import type { Fingerprint, LogRecord } from '@tocsin/core';
import { crc32 } from 'node:zlib';

/** What identifies a record of a log, so that another record at the same offset is noticed. */
export const fingerprintOf = ({ offset, timestamp, key, value }: LogRecord): Fingerprint => ({
  offset,
  timestamp,
  crc: crc32(value ?? '', crc32(key ?? '')),
});

export function fits(fingerprint: Fingerprint, record: LogRecord): boolean {
  const found = fingerprintOf(record);
  return (
    found.offset === fingerprint.offset && found.timestamp === fingerprint.timestamp && found.crc === fingerprint.crc
  );
}
