import type { Appending, LogRecord } from '../ports/log.ts';
import { cloudEventHeaders, originalHeader, rejectHeaders, sourceHeader } from './rejected.ts';
import { tenantHeader } from './source.ts';

/** Where the bank's record stood. */
export interface OriginalPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export type Redrive =
  /** Append this, and the bank's record is where it was, with the key, value and headers that it had. */
  | { readonly kind: 'append'; readonly record: Appending; readonly original: OriginalPlace }
  /** The bytes on `rejected` are not the bank's: read the original by its coordinates, then `againOf`. */
  | { readonly kind: 'read-original'; readonly why: 'masked' | 'truncated'; readonly original: OriginalPlace }
  /** No record that ingest rejected; names the header that is missing or wrong. */
  | { readonly kind: 'not-rejected'; readonly header: string };

const text = (record: LogRecord, header: string): string | undefined => {
  const bytes = record.headers[header];
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
};

const count = (record: LogRecord, header: string): number | undefined => {
  const digits = text(record, header);
  return digits !== undefined && /^[0-9]{1,15}$/.test(digits) ? Number(digits) : undefined;
};

/** What ingest and the engine added goes; what the bank wrote under such a name comes back, and so does its tenant. */
function bankHeaders(record: LogRecord): Readonly<Record<string, Uint8Array>> {
  const restored = Object.entries(record.headers).filter(([name]) => name.startsWith(originalHeader));
  const kept = Object.entries(record.headers).filter(
    ([name]) =>
      name === tenantHeader || !(name.startsWith('tocsin-') || cloudEventHeaders.has(name) || name === sourceHeader),
  );
  return Object.fromEntries([
    ...kept,
    ...restored.map(([name, value]): [string, Uint8Array] => [name.slice(originalHeader.length), value]),
  ]);
}

/** The bank's record as it is sent through once more: to its own topic and partition, under no source of ours. */
export const againOf = (original: LogRecord): Appending => ({
  topic: original.topic,
  partition: original.partition,
  key: original.key,
  value: original.value,
  headers: original.headers,
});

/** What to do to send a rejected record through again. */
export function redriveOf(rejected: LogRecord): Redrive {
  const topic = text(rejected, rejectHeaders.topic);
  if (topic === undefined || topic === '') return { kind: 'not-rejected', header: rejectHeaders.topic };
  const partition = count(rejected, rejectHeaders.partition);
  if (partition === undefined) return { kind: 'not-rejected', header: rejectHeaders.partition };
  const offset = count(rejected, rejectHeaders.offset);
  if (offset === undefined) return { kind: 'not-rejected', header: rejectHeaders.offset };
  const original = { topic, partition, offset };
  if (rejected.headers[rejectHeaders.sha256] !== undefined) {
    return { kind: 'read-original', why: 'truncated', original };
  }
  const masked = count(rejected, rejectHeaders.masked);
  if (masked === undefined) return { kind: 'not-rejected', header: rejectHeaders.masked };
  if (masked > 0) return { kind: 'read-original', why: 'masked', original };
  const record = { topic, partition, key: rejected.key, value: rejected.value, headers: bankHeaders(rejected) };
  return { kind: 'append', record, original };
}
