import { starPan } from '../pan.ts';
import type { LogRecord } from '../ports/log.ts';
import type { Instant } from '../time.ts';

/*
 * Whether a transaction contradicts an earlier one with the same id is only seen in detect, and `rejected` then has to hold
 * what the bank sent, byte for byte. So ingest lets the bank's record travel with the transaction. It costs the log about
 * as many bytes again as the transaction itself, and each of two stages a microsecond or so; to read the original by its
 * coordinates instead would need I/O inside a step.
 */

/** Bytes as they fit into JSON: text where they are UTF-8, else base64. */
export type RawBytes = string | { readonly base64: string };

/** The bank's record as it stood in its topic, with full card numbers in the value starred in place. */
export interface RawRecord {
  readonly key: RawBytes | null;
  readonly value: RawBytes;
  readonly headers: Readonly<Record<string, RawBytes>>;
  /** How many card numbers were starred; absent when none. */
  readonly masked?: number;
}

/** A larger record does not travel along. */
export const maxRawBytes = 64 * 1024;

// A byte order mark is part of the bytes.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

function toRaw(bytes: Uint8Array): RawBytes {
  try {
    return strict.decode(bytes);
  } catch {
    return { base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) };
  }
}

const toBytes = (raw: RawBytes): Uint8Array =>
  typeof raw === 'string' ? encoder.encode(raw) : Uint8Array.from(atob(raw.base64), (char) => char.charCodeAt(0));

/**
 * False where no card number can be: plain ASCII without escapes or NUL, and no 13 digits with at most one separator between two
 * of them. The answer for nearly every record, at a small part of what the scanner costs.
 */
function mayHoldPan(bytes: Uint8Array): boolean {
  let digits = 0;
  let apart = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f || byte === 0x5c || byte === 0) return true;
    if (byte >= 0x30 && byte <= 0x39) {
      apart = 0;
      if (++digits === 13) return true;
    } else if (byte > 0x2e || ++apart > 1) digits = 0;
  }
  return false;
}

const noHeaders: Readonly<Record<string, RawBytes>> = {};

/**
 * For `TransactionRecord.raw`; undefined where the record has no value or is too large. A record with several transactions
 * must not carry it: it would be multiplied.
 */
export function rawRecordOf({ key, value, headers }: LogRecord): RawRecord | undefined {
  if (value === null || value.length > maxRawBytes) return undefined;
  const { bytes, count } = mayHoldPan(value) ? starPan(value) : { bytes: value, count: 0 };
  const names = Object.keys(headers);
  const raw: RawRecord = {
    key: key === null ? null : toRaw(key),
    value: toRaw(bytes),
    headers: names.length === 0 ? noHeaders : Object.fromEntries(names.map((name) => [name, toRaw(headers[name]!)])),
  };
  return count === 0 ? raw : { ...raw, masked: count };
}

/** The record of the bank's that `raw` was made of, at the place where it stood. */
export const logRecordOf = (
  raw: RawRecord,
  place: { readonly topic: string; readonly partition: number; readonly offset: number },
  timestamp: Instant,
): LogRecord => ({
  topic: place.topic,
  partition: place.partition,
  offset: place.offset,
  timestamp,
  key: raw.key === null ? null : toBytes(raw.key),
  value: toBytes(raw.value),
  headers: Object.fromEntries(Object.entries(raw.headers).map(([name, value]) => [name, toBytes(value)])),
});
