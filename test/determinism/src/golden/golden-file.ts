import { readFileSync, readdirSync } from 'node:fs';
import type { LogRecord, Position } from '@tocsin/core';
import { textOf } from '../pipeline.ts';

/*
 * One line for each thing, so that a change can be read. A file tells how the state of every stage was stored in the middle of
 * a life, what stood behind that in the stage's input, and what must come of it.
 */

export type GoldenLine =
  | { readonly format: number; readonly version: string }
  | { readonly stage: string; readonly partition: number; readonly position: Position }
  | { readonly stage: string; readonly partition: number; readonly entry: string; readonly bytes: string }
  | { readonly topic: string; readonly partition: number; readonly record: StoredRecord }
  /** As readers take it; in order for each source and target. */
  | { readonly stage: string; readonly output: string }
  /** An entry in the end, by the SHA-256 of its value as JSON. */
  | { readonly stage: string; readonly partition: number; readonly remembers: string; readonly sha256: string };

/** Bytes that are no text are base64 behind a `base64:`. */
export interface StoredRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const marker = 'base64:';

function stored(bytes: Uint8Array): string {
  const text = textOf(bytes);
  return Buffer.from(text).equals(Buffer.from(bytes)) ? text : marker + Buffer.from(bytes).toString('base64');
}

const restored = (text: string): Uint8Array =>
  text.startsWith(marker) ? Buffer.from(text.slice(marker.length), 'base64') : Buffer.from(text);

export const storedRecord = ({ offset, timestamp, key, value, headers }: LogRecord): StoredRecord => ({
  offset,
  timestamp,
  key: key === null ? null : stored(key),
  value: value === null ? null : stored(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, stored(header)])),
});

export const restoredRecord = (
  topic: string,
  partition: number,
  { offset, timestamp, key, value, headers }: StoredRecord,
): LogRecord => ({
  topic,
  partition,
  offset,
  timestamp,
  key: key === null ? null : restored(key),
  value: value === null ? null : restored(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, restored(header)])),
});

const folder = new URL('../../golden/', import.meta.url);

export type GoldenKind = 'state' | 'records' | 'redis';

/** One file of each kind for each version of the product. */
export const goldenUrl = (kind: GoldenKind, version: string): URL => new URL(`${kind}-${version}.ndjson`, folder);

/** Every version of which there is a file. */
export const keptVersions = (kind: GoldenKind): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}-`))
    .map((name) => name.slice(kind.length + 1, -'.ndjson'.length))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

/** The version of this build. */
export const presentVersion = (): string => {
  const url = new URL('../../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { readonly version: string }).version;
};

export const linesOf = <T>(url: URL): readonly T[] =>
  readFileSync(url, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

export const textOfLines = (lines: readonly object[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');
