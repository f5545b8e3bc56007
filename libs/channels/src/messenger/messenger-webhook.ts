import type { ChannelEvent, Instant, WebhookAnswer, WebhookRequest } from '@tocsin/core';
import { sameText, signedByOneOf } from '../hmac.ts';
import { isObject, listOf, numberOf, objectOf, parseJson, textOf } from '../json.ts';
import type { Loose } from '../json.ts';
import type { MessengerOptions } from './messenger-options.ts';

/** Meta's webhook: the verification call (GET) and events (POST), signed over the raw bytes (Messenger Platform, webhooks). */
export function messengerWebhook(options: MessengerOptions, request: WebhookRequest): WebhookAnswer {
  return request.method === 'GET' ? verification(options, request.query) : events(options, request);
}

function verification(options: MessengerOptions, query: WebhookRequest['query']): WebhookAnswer {
  const asked = query['hub.mode'] === 'subscribe' && sameText(query['hub.verify_token'] ?? '', options.verifyToken);
  return asked ? { kind: 'challenge', body: query['hub.challenge'] ?? '' } : { kind: 'refused', status: 403 };
}

function events(options: MessengerOptions, request: WebhookRequest): WebhookAnswer {
  const signature = /^sha256=([0-9a-f]{64})$/.exec(request.headers['x-hub-signature-256'] ?? '')?.[1];
  if (signature === undefined) return { kind: 'refused', status: 401 };
  // Meta signs the bytes it sends, with non-ASCII as \u escapes: parsing and writing again would give other bytes.
  if (!signedByOneOf('sha256', options.appSecrets, request.rawBody, Buffer.from(signature, 'hex'))) {
    return { kind: 'refused', status: 401 };
  }
  const body = parseJson(Buffer.from(request.rawBody).toString('utf8'));
  if (!isObject(body)) return { kind: 'refused', status: 400 };
  if (body['object'] !== 'page') return { kind: 'refused', status: 404 };
  const found = listOf(body['entry'])
    .map(objectOf)
    .flatMap((entry) => {
      const entryAt = numberOf(entry['time']) ?? request.receivedAt ?? 0;
      return [
        ...listOf(entry['messaging']).flatMap((event) => translate(objectOf(event), entryAt, false)),
        // Another application owns these conversations: read for STOP, for the window and for our own buttons, never answered.
        ...listOf(entry['standby']).flatMap((event) => translate(objectOf(event), entryAt, true)),
      ];
    });
  return { kind: 'events', events: found, body: 'EVENT_RECEIVED', contentType: 'text/plain' };
}

/** One event of Meta's as none, one or several of ours. What is unknown to us is ignored. */
function translate(event: Loose, entryAt: Instant, standby: boolean): readonly ChannelEvent[] {
  const psid = textOf(objectOf(event['sender'])['id']);
  if (psid === undefined) return [];
  const at = numberOf(event['timestamp']) ?? entryAt;
  const flag = standby ? { standby } : {};

  if (isObject(event['message'])) {
    const message = event['message'];
    if (message['is_echo'] === true) return echo(event, message, at);
    const text = textOf(message['text']);
    const payload = textOf(objectOf(message['quick_reply'])['payload']);
    return [{ ...inbound(psid, textOf(message['mid']) ?? `message:${psid}:${at}`, at, text, payload), ...flag }];
  }
  if (isObject(event['postback'])) {
    const { mid, title, payload, referral } = event['postback'];
    const id = textOf(mid) ?? `postback:${psid}:${at}`;
    const ref = textOf(objectOf(referral)['ref']);
    // Who came by a link tapped Get Started, and has said nothing yet.
    const opening = ref === undefined ? {} : { opening: true };
    // The link comes first, so that the message already has a customer.
    return [
      ...linkedBy(psid, ref, `referral:${id}`, at),
      { ...inbound(psid, id, at, textOf(title), textOf(payload)), ...flag, ...opening },
    ];
  }
  if (isObject(event['referral']))
    return linkedBy(psid, textOf(event['referral']['ref']), `referral:${psid}:${at}`, at);
  if (isObject(event['account_linking'])) {
    const { status, authorization_code: code } = event['account_linking'];
    if (status === 'unlinked') return [{ kind: 'unlinked', id: `unlinked:${psid}:${at}`, address: psid, at }];
    return status === 'linked' ? linkedBy(psid, textOf(code), `linked:${psid}:${at}`, at) : [];
  }
  if (isObject(event['delivery'])) return deliveries(psid, event['delivery'], at);
  if (isObject(event['read'])) {
    const watermarkAt = numberOf(event['read']['watermark']);
    if (watermarkAt === undefined) return [];
    return [{ kind: 'receipt', id: `read:${psid}:${watermarkAt}`, address: psid, watermarkAt, state: 'read', at }];
  }
  return [];
}

const inbound = (psid: string, id: string, at: Instant, text: string | undefined, payload: string | undefined) =>
  ({
    kind: 'message',
    id,
    address: psid,
    ...(text === undefined ? {} : { text }),
    ...(payload === undefined ? {} : { payload }),
    at,
    opensWindow: true,
  }) as const;

const linkedBy = (psid: string, code: string | undefined, id: string, at: Instant): readonly ChannelEvent[] =>
  code === undefined ? [] : [{ kind: 'linked', id, address: psid, code, at }];

/** `mids` may be absent; then the watermark alone says what arrived. Delivery events may carry no time of their own. */
function deliveries(psid: string, delivery: Loose, at: Instant): readonly ChannelEvent[] {
  const watermarkAt = numberOf(delivery['watermark']);
  const mark = watermarkAt === undefined ? {} : { watermarkAt };
  const mids = listOf(delivery['mids']).flatMap((mid) => textOf(mid) ?? []);
  const receipt = { kind: 'receipt', address: psid, state: 'delivered', at, ...mark } as const;
  if (mids.length > 0) return mids.map((ref) => ({ ...receipt, id: `delivered:${ref}`, ref }));
  return watermarkAt === undefined ? [] : [{ ...receipt, id: `delivered:${psid}:${watermarkAt}` }];
}

/**
 * An echo is what the Page itself sent: never customer input. One that carries our metadata proves that a send happened
 * whose answer was lost.
 */
function echo(event: Loose, message: Loose, at: Instant): readonly ChannelEvent[] {
  const address = textOf(objectOf(event['recipient'])['id']);
  const ref = textOf(message['mid']);
  const key = textOf(message['metadata']);
  if (address === undefined || ref === undefined || key === undefined) return [];
  return [{ kind: 'receipt', id: `sent:${ref}`, address, ref, key, state: 'sent', at }];
}
