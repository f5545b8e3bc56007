import type { ChannelTools, HttpAnswer, HttpRequest, Outcome } from '@tocsin/core';

/** What came back from one HTTP request: an answer with its whole body, or what the failure says about the message. */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: HttpAnswer['headers'];
      readonly text: string;
    }
  | { readonly kind: 'failed'; readonly outcome: Outcome };

/** No answer that a provider documents comes near this; more is not read. */
const maxAnswerBytes = 256 * 1024;

/** Failures that happen before the first byte of a request can leave. Everything else may have been seen by the provider. */
const neverBegan = new Set([
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Codes that mean: the other side is not who it should be, or speaks no TLS that we do: the same for every message until someone acts. */
export const handshakeFailed =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|ERR_SSL_(WRONG_VERSION|UNSUPPORTED_PROTOCOL|SSLV3_ALERT_HANDSHAKE))/;

/**
 * Sends one request and says what is certain. Never repeats, never follows a redirect (a redirected POST would hand the
 * content to a party that nobody agreed to).
 */
export async function exchange(
  { fetch, request: plain = byFetch(fetch) }: ChannelTools,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<Exchange> {
  if (signal.aborted) return failed(neverLeft('aborted-before-start', 'message'));
  let answer: HttpAnswer;
  try {
    answer = await plain(request, signal);
  } catch (error) {
    return failed(outcomeOfFailure(error, signal));
  }
  try {
    const { status, headers } = answer;
    return { kind: 'answered', status, headers, text: await answer.text(maxAnswerBytes) };
  } catch {
    // The provider began to answer, so it has the message; what it decided is lost.
    return failed({ kind: 'unknown', code: signal.aborted ? 'timeout' : 'answer-lost' });
  }
}

const byFetch =
  (fetch: ChannelTools['fetch']): NonNullable<ChannelTools['request']> =>
  async ({ url, method, headers, body }, signal) => {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    });
    return {
      status: response.status,
      headers: response.headers,
      text: (mostBytes) => readText(response.body as AsyncIterable<Uint8Array> | null, mostBytes),
    };
  };

const failed = (outcome: Outcome): Exchange => ({ kind: 'failed', outcome });

const neverLeft = (code: string, scope: 'message' | 'channel'): Outcome => ({
  kind: 'retry',
  code,
  scope,
  nothingLeft: true,
});

function outcomeOfFailure(error: unknown, signal: AbortSignal): Outcome {
  const { code, message } = rootOf(error);
  if (neverBegan.has(code)) return neverLeft(`connect-${code.toLowerCase()}`, 'message');
  if (handshakeFailed.test(code)) return neverLeft(`tls-${code.toLowerCase()}`, 'channel');
  if (message.includes('before secure TLS connection')) return neverLeft('tls-disconnected', 'message');
  if (code === 'ERR_INVALID_URL') return neverLeft('url-invalid', 'channel');
  return { kind: 'unknown', code: signal.aborted ? 'timeout' : 'connection-lost' };
}

/** `fetch` wraps what happened in causes; the innermost one that carries a code tells. */
function rootOf(error: unknown): { readonly code: string; readonly message: string } {
  let found = { code: '', message: '' };
  let at: unknown = error;
  for (let depth = 0; typeof at === 'object' && at !== null && depth < 8; depth++) {
    const { code, message, cause } = at as { code?: unknown; message?: unknown; cause?: unknown };
    if (typeof code === 'string') found = { code, message: typeof message === 'string' ? message : '' };
    at = cause;
  }
  return found;
}

/** The beginning of a body as text; the rest is not read. */
export async function readText(body: AsyncIterable<Uint8Array> | null, mostBytes: number): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > mostBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, mostBytes).toString('utf8');
}

/** `Retry-After` in milliseconds from now: seconds or an HTTP date (RFC 9110, 10.2.3). Undefined where absent or unreadable. */
export function retryAfterMs(headers: HttpAnswer['headers'], now: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** What an answer means that the provider's own table does not list. `prefix` names the provider in the code. */
export function outcomeOfStatus(prefix: string, status: number, afterMs: number | undefined): Outcome {
  const code = `${prefix}-http-${status}`;
  if (status === 429) return { kind: 'retry', code, scope: 'message', ...(afterMs === undefined ? {} : { afterMs }) };
  if (status >= 500) return { kind: 'unknown', code };
  // A redirect, or credentials that are refused: no message will do better until the settings are corrected.
  if (status < 400 || status === 401 || status === 403 || status === 407)
    return { kind: 'retry', code, scope: 'channel' };
  return { kind: 'permanent', code };
}
