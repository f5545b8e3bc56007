import type { DeadLetter, LogRecord, Output } from '@tocsin/core';
import { createHash } from 'node:crypto';
import { EngineError } from './engine-error.ts';

/** An output of more bytes becomes a dead letter. */
export const maxOutputBytes = 900_000;

/** Up to this size a dead letter carries the bytes of the record concerned. */
const keptBytes = 512 * 1024;

/** Where a dead letter stands among the outputs of its record; also its id, so that a replay writes the same one. */
export interface DeadLetterPlace {
  readonly id: string;
  readonly stage: string;
  readonly record: LogRecord;
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const originOf = ({ topic, partition, offset }: LogRecord): DeadLetter['origin'] => ({ topic, partition, offset });

/** The record itself could not be processed. */
export function ofRecord(
  { id, stage, record }: DeadLetterPlace,
  kind: 'step-failed' | 'unreadable',
  reason: string,
): DeadLetter {
  const { key, value } = record;
  const size = (key?.length ?? 0) + (value?.length ?? 0);
  const kept = size <= keptBytes;
  return {
    type: 'dead-letter',
    version: 1,
    id,
    stage,
    kind,
    reason,
    origin: originOf(record),
    ...(key !== null && kept ? { key: base64(key) } : {}),
    ...(value !== null && kept ? { value: base64(value) } : {}),
    ...(value !== null && !kept ? { size: value.length, sha256: sha256(value) } : {}),
  };
}

/** A timer failed; the record only moved the clock, so its bytes say nothing. */
export const ofTimer = ({ id, stage, record }: DeadLetterPlace, reason: string): DeadLetter => ({
  type: 'dead-letter',
  version: 1,
  id,
  stage,
  kind: 'step-failed',
  reason,
  origin: originOf(record),
});

/** An output was too large for the log. */
export const ofOutput = (
  { id, stage, record }: DeadLetterPlace,
  output: Output,
  value: string | Uint8Array,
  size: number,
): DeadLetter => ({
  type: 'dead-letter',
  version: 1,
  id,
  stage,
  kind: 'too-large',
  reason: `An output to ${output.topic} has ${size} bytes; ${maxOutputBytes} are allowed.`,
  origin: originOf(record),
  key: Buffer.from(output.key).toString('base64'),
  size,
  sha256: sha256(value),
});

/** What went wrong, by kind only: the message of an error may quote the record. */
export function nameOf(error: unknown): string {
  if (error instanceof EngineError) return `EngineError (${error.code})`;
  if (error instanceof Error && /^[A-Za-z]{1,40}$/.test(error.name)) return error.name;
  return 'an error';
}

/** The lines of a stack that name places in the code; the first ones may quote the record. */
export const placesOf = (error: unknown): readonly string[] =>
  error instanceof Error
    ? (error.stack ?? '')
        .split('\n')
        .filter((line) => line.startsWith('    at '))
        .slice(0, 8)
    : [];

/** CloudEvents attributes for readers outside the engine; `ce_id` is their idempotency key. */
export const deadLetterHeaders = ({ id, stage }: DeadLetterPlace): Readonly<Record<string, string>> => ({
  ce_specversion: '1.0',
  ce_id: id,
  ce_source: `/tocsin/${stage}`,
  ce_type: 'tocsin.dead-letter',
});
