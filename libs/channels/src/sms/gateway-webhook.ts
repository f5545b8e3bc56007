import type { ChannelEvent, Instant, WebhookAnswer, WebhookRequest } from '@tocsin/core';
import { sameText, signedByOneOf } from '../hmac.ts';
import { atPointer, numberOf, parseJson, textOf } from '../json.ts';
import type { GatewayOptions, GatewayVerification, InboundMap, ReceiptMap } from './gateway-options.ts';

/** Delivery reports and inbound texts of a described gateway: JSON, form or query parameters. */
export function gatewayWebhook(options: GatewayOptions, request: WebhookRequest): WebhookAnswer {
  const { verification, receipts, inbound } = options;
  if (verification === undefined) return { kind: 'refused', status: 404 };
  if (!verified(verification, request)) return { kind: 'refused', status: 401 };
  const fields = fieldsOf(request);
  if (fields === undefined) return { kind: 'refused', status: 400 };
  const receivedAt = request.receivedAt ?? 0;
  const isReceipt = receipts !== undefined && textOf(atPointer(fields, receipts.state)) !== undefined;
  const event = isReceipt
    ? receiptOf(receipts, fields, receivedAt)
    : inbound === undefined
      ? undefined
      : inboundOf(inbound, fields, receivedAt);
  return {
    kind: 'events',
    events: event === undefined ? [] : [event],
    body: options.webhookAnswer,
    contentType: 'text/plain',
  };
}

function verified(
  { kind, header, parameter, secrets, encoding, prefix }: GatewayVerification,
  request: WebhookRequest,
): boolean {
  const inHeader = header === undefined ? undefined : request.headers[header.toLowerCase()];
  if (kind === 'hmac-sha256') {
    if (inHeader === undefined || !inHeader.startsWith(prefix)) return false;
    // A GET has no body: its signature would cover nothing that it says.
    if (request.method === 'GET') return false;
    return signedByOneOf('sha256', secrets, request.rawBody, Buffer.from(inHeader.slice(prefix.length), encoding));
  }
  const shown = inHeader ?? (parameter === undefined ? undefined : request.query[parameter]);
  return shown !== undefined && secrets.map((secret) => sameText(prefix + secret, shown)).includes(true);
}

function fieldsOf({ method, headers, query, rawBody }: WebhookRequest): unknown {
  if (method === 'GET') return query;
  const text = Buffer.from(rawBody).toString('utf8');
  if (/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  return parseJson(text);
}

function receiptOf(map: ReceiptMap, fields: unknown, receivedAt: Instant): ChannelEvent | undefined {
  const read = (pointer: string | undefined) =>
    pointer === undefined ? undefined : textOf(atPointer(fields, pointer));
  const word = read(map.state);
  const state = map.states.find(({ value }) => value === word)?.state;
  const address = read(map.to);
  const ref = read(map.ref);
  const key = read(map.key);
  const code = read(map.code);
  // Without a state, or anything to match it by, a report tells nothing.
  if (state === undefined || address === undefined || (ref ?? key) === undefined) return undefined;
  return {
    kind: 'receipt',
    id: `${ref ?? key}:${word}`,
    address,
    ...(ref === undefined ? {} : { ref }),
    ...(key === undefined ? {} : { key }),
    state,
    ...(code === undefined ? {} : { code: `gateway-${code}` }),
    at: timeOf(map.at === undefined ? undefined : atPointer(fields, map.at)) ?? receivedAt,
  };
}

function inboundOf(map: InboundMap, fields: unknown, receivedAt: Instant): ChannelEvent | undefined {
  const address = textOf(atPointer(fields, map.from));
  const id = textOf(atPointer(fields, map.id));
  if (address === undefined || id === undefined) return undefined;
  const at = timeOf(map.at === undefined ? undefined : atPointer(fields, map.at)) ?? receivedAt;
  return { kind: 'message', id, address, text: textOf(atPointer(fields, map.text)) ?? '', at, opensWindow: false };
}

/** Seconds or milliseconds since 1970, or a date that carries its zone. */
function timeOf(value: unknown): Instant | undefined {
  const number = numberOf(value);
  if (number !== undefined) return number < 100_000_000_000 ? number * 1_000 : number;
  const text = textOf(value);
  if (text === undefined || !/(Z|[+-]\d{2}:?\d{2})$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
