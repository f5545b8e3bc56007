import { starPan } from '../pan.ts';
import type { LogRecord } from '../ports/log.ts';
import type { Instant } from '../time.ts';

/*
 * Whether a transaction contradicts an earlier one with the same id is only seen in detect, and `rejected` then has to hold
 * what the bank sent, byte for byte. So ingest lets the bank's record travel with the transaction: its value as a header,
 * because bytes in a header are copied and never parsed, its key and headers in the record. To read the original by its
 * coordinates instead would need I/O inside a step.
 */

/** The header of a transaction's record that holds the value of the bank's record. */
export const bankValueHeader = 'tocsin-bank-value';

/** Bytes as they fit into JSON: text where they are UTF-8, else base64. */
export type RawBytes = string | { readonly base64: string };

/** What the bank's record held besides its value. */
export interface BankRecord {
  /** Absent when it was the account's id. */
  readonly key?: RawBytes | null;
  /** Absent when there were none. */
  readonly headers?: Readonly<Record<string, RawBytes>>;
  /** How many card numbers were starred in the value; absent when none. */
  readonly masked?: number;
}

/** The form of build 0.1.0, which had the value within the record. */
export interface RawRecord extends BankRecord {
  readonly key: RawBytes | null;
  readonly value: RawBytes;
}

/** A record whose value, or whose key and headers together, are larger does not travel along. */
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
 * False where no card number can be: plain ASCII without escapes or NUL, and no 13 digits with at most one separator besides
 * blanks between two of them. The answer for nearly every record, at a small part of what the scanner costs.
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
    } else if (byte > 0x2e || (byte > 0x20 && ++apart > 1)) digits = 0;
  }
  return false;
}

/**
 * What travels along: for `TransactionRecord.bank`, and for the header, the value with full card numbers starred in place.
 * `bank` is absent where there is nothing to say. Undefined where the record has no value or is too large: written as JSON,
 * bytes may become six times as many, and the transaction would be too large for the log. A record with several transactions
 * must not carry it: it would be multiplied.
 */
export function bankRecordOf(
  { key, value, headers }: LogRecord,
  accountId: string,
): { readonly bank?: BankRecord; readonly value: Uint8Array } | undefined {
  if (value === null || value.length > maxRawBytes) return undefined;
  let others = key?.length ?? 0;
  for (const name in headers) others += name.length + headers[name]!.length;
  if (others > maxRawBytes) return undefined;
  const { bytes, count } = mayHoldPan(value) ? starPan(value) : { bytes: value, count: 0 };
  const names = Object.keys(headers);
  const rawKey = key === null ? null : toRaw(key);
  if (rawKey === accountId && names.length === 0 && count === 0) return { value: bytes };
  const bank: BankRecord = {
    ...(rawKey === accountId ? {} : { key: rawKey }),
    ...(names.length === 0 ? {} : { headers: Object.fromEntries(names.map((name) => [name, toRaw(headers[name]!)])) }),
    ...(count === 0 ? {} : { masked: count }),
  };
  return { bank, value: bytes };
}

/** The value of a record in the form of build 0.1.0. */
export const rawValueOf = ({ value }: RawRecord): Uint8Array => toBytes(value);

/** The bank's record, at the place where it stood. */
export const logRecordOf = (
  { key, headers = {} }: BankRecord,
  value: Uint8Array,
  accountId: string,
  place: { readonly topic: string; readonly partition: number; readonly offset: number },
  timestamp: Instant,
): LogRecord => ({
  topic: place.topic,
  partition: place.partition,
  offset: place.offset,
  timestamp,
  key: key === null ? null : toBytes(key ?? accountId),
  value,
  headers: Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, toBytes(bytes)])),
});
