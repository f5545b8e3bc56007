import { createHmac } from 'node:crypto';
import { startFake } from './fake-server.ts';
import type { Answer, Decision, Fake, FakeOptions, Provider } from './fake-server.ts';
import { callWebhook } from './webhook-sender.ts';
import type { WebhookFaults, WebhookReply } from './webhook-sender.ts';

export interface FakeGenericSmsOptions extends FakeOptions {
  /** How callers sign in: a bearer token, Basic, a header of its own, or `x-signature` over the raw body. */
  readonly auth:
    | { readonly kind: 'bearer'; readonly token: string }
    | { readonly kind: 'basic'; readonly user: string; readonly password: string }
    | { readonly kind: 'header'; readonly header: string; readonly value: string }
    | { readonly kind: 'hmac-sha256'; readonly secret: string };
  /** What `POST /send` takes: JSON or a form, with `to`, `text`, `from` and `reference`. Default JSON. */
  readonly takes?: 'json' | 'form';
  /** Signs webhooks in `x-gateway-signature: sha256=<hex>`. */
  readonly webhookSecret: string;
}

export interface FakeGenericSms extends Fake {
  /** A delivery report: `sent`, `delivered`, `expired` or `rejected`. */
  report(url: string, id: string, state: string, options?: WebhookFaults): Promise<WebhookReply>;
  /** A customer writes. */
  text(url: string, from: string, text: string, options?: WebhookFaults): Promise<WebhookReply>;
}

/** Error codes of this gateway with their HTTP status. */
const statuses: Readonly<Record<string, number>> = {
  'bad-request': 400,
  unauthorised: 401,
  'invalid-number': 422,
  blocked: 403,
  throttled: 429,
  'no-credit': 402,
};

/** An invented gateway of the plain kind that many providers are, to prove that a description suffices. */
export async function startFakeGenericSms(options: FakeGenericSmsOptions): Promise<FakeGenericSms> {
  const { auth, takes = 'json', webhookSecret } = options;
  let count = 0;

  const authorised = (headers: Readonly<Record<string, unknown>>, body: Buffer): boolean => {
    switch (auth.kind) {
      case 'bearer':
        return headers['authorization'] === `Bearer ${auth.token}`;
      case 'basic':
        return headers['authorization'] === `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;
      case 'header':
        return headers[auth.header.toLowerCase()] === auth.value;
      case 'hmac-sha256':
        return headers['x-signature'] === createHmac('sha256', auth.secret).update(body).digest('hex');
    }
  };

  const decide: Provider['decide'] = ({ method, url, headers, body }): Decision => {
    const fields = takes === 'json' ? jsonOf(body) : Object.fromEntries(new URLSearchParams(body.toString('utf8')));
    const { to = '', text = '', reference, from = '', ...surplus } = fields;
    const refuse = (code: string): Decision => ({ to, answer: gatewayError(code) });
    if (method !== 'POST' || url.pathname !== '/send') return refuse('bad-request');
    if (!authorised(headers, body)) return refuse('unauthorised');
    const wanted = takes === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
    if (headers['content-type'] !== wanted || Object.keys(surplus).length > 0) return refuse('bad-request');
    if ([to, text, reference, from].some((value) => typeof value !== 'string')) return refuse('bad-request');
    if (!/^\+[1-9]\d{6,14}$/.test(to)) return refuse('invalid-number');
    if (text === '' || reference === undefined || reference === '') return refuse('bad-request');
    const id = `g-${(count += 1)}`;
    return {
      to,
      answer: { status: 202, body: { result: { id, status: 'queued' } } },
      accepted: { id, to, text, key: reference, buttons: [] },
    };
  };

  const fake = await startFake({ decide, error: gatewayError }, options);

  const call = (
    url: string,
    event: object,
    { wrongSignature, unsigned, times }: WebhookFaults,
  ): Promise<WebhookReply> => {
    const body = JSON.stringify(event);
    const secret = wrongSignature === true ? `not ${webhookSecret}` : webhookSecret;
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    return callWebhook(
      url,
      { 'content-type': 'application/json', ...(unsigned === true ? {} : { 'x-gateway-signature': signature }) },
      body,
      times,
    );
  };

  return {
    ...fake,
    report(url, id, state, sending = {}) {
      const message = fake.visible().find((one) => one.id === id);
      if (message === undefined) throw new Error(`No message ${id} was taken.`);
      return call(
        url,
        { report: { id, reference: message.key, to: message.to, state, time: new Date().toISOString() } },
        sending,
      );
    },
    text: (url, from, text, sending = {}) =>
      call(url, { inbound: { id: `in-${(count += 1)}`, from, text, time: new Date().toISOString() } }, sending),
  };
}

const gatewayError = (code: string, status = statuses[code] ?? 400): Answer => ({ status, body: { error: { code } } });

function jsonOf(body: Buffer): Record<string, string> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {};
  } catch {
    return {};
  }
}
