import type { Rejection } from '@tocsin/core';

/*
 * CloudEvents 1.0 on Kafka: the binary mode has the attributes in headers `ce_*` and the payload as value; the structured
 * mode is one JSON object with `data` or `data_base64`. Everything else is a plain payload. The attributes id and source
 * never enter a transaction's identity.
 */

export type Headers = Readonly<Record<string, Uint8Array>>;
export type Mode = 'plain' | 'binary' | 'structured';

const decoder = new TextDecoder();

const header = (headers: Headers, name: string): string | undefined => {
  const bytes = headers[name];
  return bytes === undefined ? undefined : decoder.decode(bytes);
};

const structured = 'application/cloudevents+json';
const batch = 'application/cloudevents-batch';

const rejection = (code: Rejection['code'], path: string, reason: string): Rejection => ({ code, path, reason });

/** How the payload is wrapped; a batch is refused, because one record is one event. */
export function modeOf(headers: Headers): Mode | Rejection {
  const contentType = (header(headers, 'content-type') ?? header(headers, 'Content-Type') ?? '').toLowerCase();
  if (contentType.startsWith(batch)) {
    return rejection('FORMAT_UNKNOWN', 'content-type', 'A batch of CloudEvents is not accepted: one event per record.');
  }
  if (contentType.startsWith(structured)) return 'structured';
  return headers['ce_specversion'] === undefined ? 'plain' : 'binary';
}

const required = ['specversion', 'id', 'source', 'type'] as const;

/** Checks the attributes; `prefix` is how they are named where they stand. */
function attributesProblem(
  attribute: (name: string) => unknown,
  prefix: string,
  eventTypes: readonly string[] | undefined,
): Rejection | undefined {
  for (const name of required) {
    const value = attribute(name);
    if (typeof value !== 'string' || value === '') {
      return rejection('SCHEMA_INVALID', prefix + name, `The CloudEvents attribute ${name} is missing.`);
    }
  }
  if (attribute('specversion') !== '1.0') {
    return rejection('SCHEMA_INVALID', `${prefix}specversion`, 'The version of CloudEvents must be 1.0.');
  }
  if (eventTypes?.includes(attribute('type') as string) === false) {
    return rejection('FORMAT_UNKNOWN', `${prefix}type`, 'The CloudEvents type is not one that this topic takes.');
  }
  return undefined;
}

export const binaryProblem = (headers: Headers, eventTypes?: readonly string[]): Rejection | undefined =>
  attributesProblem((name) => header(headers, `ce_${name}`), 'ce_', eventTypes);

export const structuredProblem = (envelope: object, eventTypes?: readonly string[]): Rejection | undefined =>
  attributesProblem((name) => (envelope as Record<string, unknown>)[name], '', eventTypes);

/** Standard or URL-safe alphabet, padding optional. */
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** What a structured envelope holds: bytes, a JSON value, or nothing. */
export function contentOf(envelope: object): { readonly bytes: Uint8Array } | { readonly json: unknown } | Rejection {
  const { data, data_base64: encoded } = envelope as { readonly data?: unknown; readonly data_base64?: unknown };
  if (encoded === undefined || encoded === null) return { json: data };
  if (data !== undefined && data !== null) {
    return rejection('SCHEMA_INVALID', 'data', 'A CloudEvent has either data or data_base64, not both.');
  }
  if (typeof encoded !== 'string' || !base64.test(encoded)) {
    return rejection('ENCODING_INVALID', 'data_base64', 'data_base64 is not Base64.');
  }
  return { bytes: Buffer.from(encoded, 'base64') };
}
