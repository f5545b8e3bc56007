import type { ChannelEvent, Instant, WebhookAnswer, WebhookRequest } from '@tocsin/core';
import type { TwilioOptions } from './twilio-options.ts';
import { twilioSigned } from './twilio-signature.ts';

/** Message states that say something new to us; `queued`, `sending` and the like do not. */
const states: Readonly<Record<string, 'sent' | 'delivered' | 'read' | 'failed'>> = {
  sent: 'sent',
  partially_delivered: 'sent',
  delivered: 'delivered',
  read: 'read',
  undelivered: 'failed',
  failed: 'failed',
  canceled: 'failed',
};

/** Opt-out words that the provider has already answered. */
const handled: Readonly<Record<string, 'stop' | 'start' | 'help'>> = { STOP: 'stop', START: 'start', HELP: 'help' };

/** Status reports and inbound texts; both are form posts to the same address, signed. */
export function twilioWebhook(options: TwilioOptions, request: WebhookRequest): WebhookAnswer {
  if (request.headers['x-twilio-signature'] === undefined) return { kind: 'refused', status: 401 };
  if (!twilioSigned(request, options.authTokens)) return { kind: 'refused', status: 403 };
  const form = new URLSearchParams(Buffer.from(request.rawBody).toString('utf8'));
  const event = form.has('MessageStatus') ? receipt(form, request) : inbound(form, request.receivedAt ?? 0);
  return { kind: 'events', events: event === undefined ? [] : [event], body: '<Response/>', contentType: 'text/xml' };
}

function receipt(form: URLSearchParams, { query, receivedAt }: WebhookRequest): ChannelEvent | undefined {
  const ref = form.get('MessageSid') ?? form.get('SmsSid');
  const status = form.get('MessageStatus') ?? '';
  const state = Object.hasOwn(states, status) ? states[status] : undefined;
  const address = form.get('To');
  if (ref === null || state === undefined || address === null) return undefined;
  const error = form.get('ErrorCode');
  const key = query['key'];
  return {
    kind: 'receipt',
    id: `${ref}:${status}`,
    address,
    ref,
    ...(key === undefined ? {} : { key }),
    state,
    ...(error === null || error === '' ? {} : { code: `twilio-${error}` }),
    at: doneAt(form.get('RawDlrDoneDate')) ?? receivedAt ?? 0,
  };
}

function inbound(form: URLSearchParams, at: Instant): ChannelEvent | undefined {
  const id = form.get('MessageSid');
  const address = form.get('From');
  if (id === null || address === null) return undefined;
  const word = (form.get('OptOutType') ?? '').toUpperCase();
  const providerHandled = Object.hasOwn(handled, word) ? handled[word] : undefined;
  return {
    kind: 'message',
    id,
    address,
    text: form.get('Body') ?? '',
    at,
    ...(providerHandled === undefined ? {} : { providerHandled }),
    opensWindow: false,
  };
}

/** `YYMMDDhhmm`, UTC. */
function doneAt(text: string | null): Instant | undefined {
  const parts = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text ?? '');
  if (parts === null) return undefined;
  const [year, month, day, hour, minute] = parts.slice(1).map(Number) as [number, number, number, number, number];
  return Date.UTC(2000 + year, month - 1, day, hour, minute);
}
