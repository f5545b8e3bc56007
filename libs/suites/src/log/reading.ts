import assert from 'node:assert/strict';
import type { Appending } from '@tocsin/core';
import { freshName } from './log-harness.ts';
import type { LogHarness } from './log-harness.ts';
import { RecordingReader } from './recording-reader.ts';

export const numbered = (topic: string, partition: number, from: number, count: number): readonly Appending[] =>
  Array.from({ length: count }, (_, i) => ({ topic, partition, key: null, value: String(from + i) }));

export const ranged = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

export const options = (harness: LogHarness, topic: string, group = freshName('group')) => ({
  topic,
  group,
  sessionTimeoutMs: harness.shortSessionMs,
});

/** Runs a case with a reader, closes it, and holds the reader's own observations against the log. */
export async function reading(
  harness: LogHarness,
  topic: string,
  reader: RecordingReader,
  use: (reader: RecordingReader) => Promise<void>,
  extra: { readonly maxBytesPerPartition?: number } = {},
): Promise<void> {
  await RecordingReader.open(harness.log, { ...options(harness, topic), ...extra }, reader);
  try {
    await use(reader);
  } finally {
    await reader.close();
  }
  assert.deepEqual(reader.violations, []);
}
