import type { Rejection } from '../format.ts';
import { starPan } from '../pan.ts';
import type { DigestBytes } from '../ports/digest.ts';
import type { LogRecord } from '../ports/log.ts';
import type { Output } from '../stage.ts';
import { topicNames } from '../topics.ts';
import { tenantHeader } from './source.ts';

/*
 * A rejected record stands on `rejected` with the bank's bytes, key and headers, and headers of ours that say where it
 * came from and what is wrong with it. Headers of the bank that bear the name of one of ours are kept under
 * `tocsin-original-<name>`, so that a redrive can restore them.
 */

/** Up to here all bytes are kept. */
export const maxKeptBytes = 512 * 1024;
/** Beyond that, so many of them. */
export const keptWhenLarger = 4 * 1024;
/** So far past the cut a card number that began before it may reach: 19 digits, separated, each escaped. */
const overhang = 256;

export const rejectHeaders = {
  code: 'tocsin-code',
  path: 'tocsin-path',
  reason: 'tocsin-reason',
  topic: 'tocsin-origin-topic',
  partition: 'tocsin-origin-partition',
  offset: 'tocsin-origin-offset',
  timestamp: 'tocsin-origin-timestamp',
  /** How many card numbers were overwritten in the bytes; `0` when none. */
  masked: 'tocsin-masked',
  /** All rejections as a JSON array, when there is more than one. */
  rejections: 'tocsin-rejections',
  /** Size and SHA-256 of the original bytes, when not all of them are kept. */
  size: 'tocsin-size',
  sha256: 'tocsin-sha256',
} as const;

/**
 * A record that is sent through again says so, in two headers beside the bank's own. What is refused once more then stands
 * for what was refused before, and is not sent twice the next time; and a decision that waited on `rejected` is no newer
 * than it was when the bank first sent it, so it does not undo what the bank has sent meanwhile.
 */
export const redriveHeaders = {
  /** The place of the bank's record that was refused: topic/partition/offset. */
  of: 'tocsin-redrive-of',
  /** When the bank first sent it, in epoch milliseconds. */
  sentAt: 'tocsin-redrive-sent-at',
} as const;

/** These are what they say, whoever wrote them. */
const keptAsTheyAre: ReadonlySet<string> = new Set([tenantHeader, ...Object.values(redriveHeaders)]);

/**
 * The engine's header for provenance. It must not survive a redrive (a reader would take the record for a reproduction and
 * drop it), and a bank that has a header of this name gets its own back.
 */
export const sourceHeader = 'src';

export const originalHeader = 'tocsin-original-';

/** The CloudEvents attributes that every rejected record has from us. */
export const cloudEventHeaders: ReadonlySet<string> = new Set([
  'ce_specversion',
  'ce_id',
  'ce_source',
  'ce_type',
  'ce_time',
]);

/** The last moment that JavaScript can write as a date. */
const lastDay = 8.64e15;

const cloudEvent = (record: LogRecord, sourceName: string): Readonly<Record<string, string>> => ({
  ce_specversion: '1.0',
  ce_id: `${record.topic}/${record.partition}/${record.offset}`,
  ce_source: `/tocsin/ingest/${sourceName}`,
  ce_type: 'tocsin.rejected.v1',
  // A producer may have written a time that no calendar has, such as one in nanoseconds.
  ...(Math.abs(record.timestamp) <= lastDay ? { ce_time: new Date(record.timestamp).toISOString() } : {}),
});

/** A redrive takes away what bears such a name, so the bank's own is kept under another. */
const isOurName = (name: string): boolean =>
  (name.startsWith('tocsin-') && !keptAsTheyAre.has(name)) || cloudEventHeaders.has(name) || name === sourceHeader;

interface Kept {
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

function keep(value: Uint8Array | null, digest: DigestBytes): Kept {
  if (value === null) return { value, headers: { [rejectHeaders.masked]: '0' } };
  const whole = value.length <= maxKeptBytes;
  const { bytes, count } = starPan(whole ? value : value.subarray(0, keptWhenLarger + overhang));
  const headers = { [rejectHeaders.masked]: String(count) };
  if (whole) return { value: bytes, headers };
  return {
    value: bytes.slice(0, keptWhenLarger),
    headers: { ...headers, [rejectHeaders.size]: String(value.length), [rejectHeaders.sha256]: digest(value) },
  };
}

/**
 * The record for `rejected`. The first rejection is the one reported.
 * @throws when there is no rejection
 */
export function rejectedOutput(
  record: LogRecord,
  sourceName: string,
  rejections: readonly Rejection[],
  digest: DigestBytes,
): Output {
  const first = rejections[0];
  if (first === undefined) throw new Error('Nothing was rejected.');
  const kept = keep(record.value, digest);
  const ours: Readonly<Record<string, string>> = {
    [rejectHeaders.code]: first.code,
    [rejectHeaders.path]: first.path,
    [rejectHeaders.reason]: first.reason,
    [rejectHeaders.topic]: record.topic,
    [rejectHeaders.partition]: String(record.partition),
    [rejectHeaders.offset]: String(record.offset),
    [rejectHeaders.timestamp]: String(record.timestamp),
    ...(rejections.length > 1 ? { [rejectHeaders.rejections]: JSON.stringify(rejections) } : {}),
    ...kept.headers,
    ...cloudEvent(record, sourceName),
  };
  const theirs = Object.entries(record.headers).map(([name, value]): [string, Uint8Array] => [
    isOurName(name) ? originalHeader + name : name,
    value,
  ]);
  const place = `${record.topic}/${record.partition}`;
  return {
    topic: topicNames.rejected,
    // Only places the record; what is written is the bank's own key.
    key: record.key === null || record.key.length === 0 ? place : new TextDecoder().decode(record.key),
    rawKey: record.key,
    value: kept.value,
    headers: { ...Object.fromEntries(theirs), ...ours },
  };
}
