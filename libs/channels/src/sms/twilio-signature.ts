import { createHash } from 'node:crypto';
import { parse, stringify } from 'node:querystring';
import type { WebhookRequest } from '@tocsin/core';
import { sameBytes, signedByOneOf } from '../hmac.ts';

/**
 * Checks `X-Twilio-Signature`: base64 of HMAC-SHA1 over the public URL, followed by the sorted parameters of a form. Of a
 * JSON body the URL carries the SHA-256 instead (Twilio, webhooks security).
 */
export function twilioSigned(request: WebhookRequest, authTokens: readonly string[]): boolean {
  const signature = Buffer.from(request.headers['x-twilio-signature'] ?? '', 'base64');
  if (signature.byteLength !== 20) return false;
  const parameters = signedParameters(request);
  if (parameters === undefined) return false;
  return variantsOf(request.url)
    .map((url) => signedByOneOf('sha1', authTokens, url + parameters, signature))
    .includes(true);
}

/** The text that follows the URL; undefined where the body is not covered by the signature. */
function signedParameters({ headers, query, rawBody, method }: WebhookRequest): string | undefined {
  const bodyHash = query['bodySHA256'];
  if (bodyHash !== undefined) {
    return sameBytes(createHash('sha256').update(rawBody).digest(), Buffer.from(bodyHash, 'hex')) ? '' : undefined;
  }
  if (method === 'GET') return rawBody.byteLength === 0 ? '' : undefined;
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')) return undefined;
  const values = new Map<string, Set<string>>();
  for (const [name, value] of new URLSearchParams(Buffer.from(rawBody).toString('utf8'))) {
    values.set(name, (values.get(name) ?? new Set()).add(value));
  }
  // Sorted by code unit; a name that occurs several times contributes each distinct value, sorted.
  return [...values.keys()]
    .sort()
    .flatMap((name) => [...values.get(name)!].sort().map((value) => name + value))
    .join('');
}

/** With and without the standard port, and with the query encoded the WHATWG or the legacy way: providers sign any of the four. */
function variantsOf(url: string): readonly string[] {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return [];
  }
  const plain = parsed.href;
  const port = parsed.protocol === 'https:' ? '443' : '80';
  // The URL class drops a standard port, so it is put in by hand.
  const origin = `${parsed.protocol}//${parsed.host}`;
  const ported = parsed.port === '' ? `${origin}:${port}${plain.slice(plain.indexOf(origin) + origin.length)}` : plain;
  return [plain, ported].flatMap((variant) => [variant, withLegacyQuery(variant)]);
}

function withLegacyQuery(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? url : `${url.slice(0, at)}?${stringify(parse(url.slice(at + 1)))}`;
}
