import type { Rejection } from '@tocsin/core';
import { binaryProblem, contentOf, modeOf, structuredProblem } from './envelope.ts';
import type { Headers } from './envelope.ts';
import { isDeeperThan } from './depth.ts';
import type { JsonRecordOptions } from './options.ts';

/** The JSON value that a record carries, whatever it is wrapped in; or the one reason why there is none. */
export type ReadRecord = { readonly json: unknown } | { readonly rejection: Rejection };

const rejected = (code: Rejection['code'], reason: string, path = ''): ReadRecord => ({
  rejection: { code, path, reason },
});

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** V8's own message quotes the content; only the place in it may be told. */
function placeOf(error: unknown, length: number): string {
  const message = error instanceof Error ? error.message : '';
  if (/end of JSON input|Unterminated/.test(message)) return `JSON ends too early, after ${length} characters.`;
  const position = /position (\d+)/.exec(message)?.[1];
  return position === undefined ? 'The record is not JSON.' : `The record is not JSON from character ${position} on.`;
}

function parse(value: Uint8Array | null): ReadRecord {
  if (value === null || value.length === 0) return rejected('RECORD_EMPTY', 'The record has no value.');
  let text: string;
  try {
    text = utf8.decode(value);
  } catch {
    return rejected('ENCODING_INVALID', 'The record is not UTF-8.');
  }
  try {
    return { json: JSON.parse(text) as unknown };
  } catch (error) {
    return rejected('JSON_INVALID', placeOf(error, text.length));
  }
}

const tooDeep = (maxDepth: number): ReadRecord =>
  rejected('RECORD_TOO_DEEP', `The record is nested deeper than ${maxDepth} levels.`);

function unwrap(envelope: unknown, options: JsonRecordOptions): ReadRecord {
  if (typeof envelope !== 'object' || envelope === null || Array.isArray(envelope)) {
    return rejected('SCHEMA_INVALID', 'A CloudEvent must be a JSON object.');
  }
  const problem = structuredProblem(envelope, options.eventTypes);
  if (problem !== undefined) return { rejection: problem };
  const content = contentOf(envelope);
  if ('code' in content) return { rejection: content };
  if ('bytes' in content) return parse(content.bytes);
  return content.json === undefined || content.json === null
    ? rejected('RECORD_EMPTY', 'The CloudEvent has no data.', 'data')
    : content;
}

/**
 * Reads a record in the order in which problems are reported: empty, too large, encoding, JSON, envelope. How deep the
 * payload is, the caller checks: the hot path knows most of it from the contract.
 */
export function readJson(value: Uint8Array | null, headers: Headers, options: JsonRecordOptions): ReadRecord {
  if (value === null || value.length === 0) return rejected('RECORD_EMPTY', 'The record has no value.');
  if (value.length > options.maxBytes) {
    return rejected('RECORD_TOO_LARGE', `The record has ${value.length} bytes, more than ${options.maxBytes}.`);
  }
  const mode = modeOf(headers);
  if (typeof mode === 'object') return { rejection: mode };
  const read = parse(value);
  if ('rejection' in read) return read;
  if (mode === 'structured') {
    return isDeeperThan(read.json, options.maxDepth) ? tooDeep(options.maxDepth) : unwrap(read.json, options);
  }
  const problem = mode === 'binary' ? binaryProblem(headers, options.eventTypes) : undefined;
  return problem === undefined ? read : { rejection: problem };
}
