import { createHash, createHmac } from 'node:crypto';
import { startFake } from './fake-server.ts';
import type { Answer, Decision, Fake, FakeOptions, Provider, VisibleMessage } from './fake-server.ts';
import { callWebhook } from './webhook-sender.ts';
import type { WebhookFaults, WebhookReply } from './webhook-sender.ts';

export interface FakeTwilioOptions extends FakeOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** An API key that may sign in, too. */
  readonly apiKey?: { readonly sid: string; readonly secret: string };
  /** Numbers that may send. Default: any. */
  readonly from?: readonly string[];
  /** Status reports that are sent on their own, in this order, where a message names a callback. Default none. */
  readonly reports?: readonly string[];
}

export interface TwilioWebhookOptions extends WebhookFaults {
  /** Signs for this URL, while it calls the other one: as behind a proxy, or with the port spelled out. */
  readonly signedUrl?: string;
  /** Further form fields: new ones may appear at any time, also several of one name. */
  readonly extra?: readonly (readonly [name: string, value: string])[];
  /** Sends JSON, with its hash in the URL, instead of a form. */
  readonly json?: boolean;
}

export interface FakeTwilio extends Fake {
  /** Sends a status report for a message to the callback that it named. */
  report(
    sid: string,
    status: string,
    options?: TwilioWebhookOptions & { readonly errorCode?: string },
  ): Promise<WebhookReply>;
  /** A customer writes. STOP and START words also change which pairs are stopped. */
  text(url: string, from: string, to: string, body: string, options?: TwilioWebhookOptions): Promise<WebhookReply>;
}

const stopWords = ['STOP', 'UNSUBSCRIBE', 'END', 'QUIT', 'STOPALL', 'REVOKE', 'OPTOUT', 'CANCEL'];
const startWords = ['START', 'UNSTOP'];
const helpWords = ['HELP', 'INFO'];

/** The parameters that the API has and an alert may use; any other is refused, so that nothing leaves unnoticed. */
const parameters = [
  'To',
  'From',
  'MessagingServiceSid',
  'Body',
  'StatusCallback',
  'ValidityPeriod',
  'SmartEncoded',
  'ContentRetention',
  'AddressRetention',
  'RiskCheck',
];

/** A Twilio-compatible Messages API that checks the whole form. */
export async function startFakeTwilio(options: FakeTwilioOptions): Promise<FakeTwilio> {
  const { accountSid, authToken, apiKey, from: senders, reports = [] } = options;
  const logins = [
    `${accountSid}:${authToken}`,
    ...(apiKey === undefined ? [] : [`${apiKey.sid}:${apiKey.secret}`]),
  ].map((login) => `Basic ${Buffer.from(login).toString('base64')}`);
  const callbacks = new Map<string, { readonly url: string; readonly from: string; readonly to: string }>();
  const stopped = new Set<string>();
  let count = 0;

  const decide: Provider['decide'] = ({ method, url, headers, body }): Decision => {
    const form = new URLSearchParams(body.toString('utf8'));
    const to = form.get('To') ?? '';
    const refuse = (code: string, status?: number): Decision => ({ to, answer: twilioError(code, status) });
    if (method !== 'POST' || url.pathname !== `/2010-04-01/Accounts/${accountSid}/Messages.json`)
      return refuse('20404', 404);
    if (!logins.includes(headers.authorization ?? '')) return refuse('20003', 401);
    if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') !== true) return refuse('20001');
    const wrong = checkForm(form, senders);
    if (wrong !== undefined) return refuse(wrong);
    const from = form.get('From') ?? form.get('MessagingServiceSid') ?? '';
    // One number's STOP suppresses the whole pool, so a service counts as one sender.
    if (stopped.has(`${from} ${to}`)) return refuse('21610');
    const sid = `SM${createHash('md5')
      .update(`${accountSid}${(count += 1)}`)
      .digest('hex')}`;
    const callback = form.get('StatusCallback');
    if (callback !== null) callbacks.set(sid, { url: callback, from, to });
    const key = callback === null ? null : new URL(callback).searchParams.get('key');
    const message: VisibleMessage = {
      id: sid,
      to,
      text: form.get('Body') ?? '',
      ...(key === null ? {} : { key }),
      buttons: [],
    };
    return {
      to,
      answer: {
        status: 201,
        body: { sid, status: 'queued', num_segments: '1', error_code: null, error_message: null },
      },
      accepted: message,
    };
  };

  const call = (
    url: string,
    fields: readonly (readonly [string, string])[],
    sending: TwilioWebhookOptions,
  ): Promise<WebhookReply> => {
    const { json = false, extra = [], signedUrl, wrongSignature, unsigned, times } = sending;
    const all = [...fields, ...extra];
    const body = json ? JSON.stringify(Object.fromEntries(all)) : formOf(all);
    const hashed = json
      ? `${url}${url.includes('?') ? '&' : '?'}bodySHA256=${createHash('sha256').update(body).digest('hex')}`
      : url;
    const text = (signedUrl ?? hashed) + (json ? '' : sortedPairs(all));
    const signature = createHmac('sha1', wrongSignature === true ? `not ${authToken}` : authToken)
      .update(text, 'utf8')
      .digest('base64');
    const contentType = json ? 'application/json' : 'application/x-www-form-urlencoded';
    return callWebhook(
      hashed,
      { 'content-type': contentType, ...(unsigned === true ? {} : { 'x-twilio-signature': signature }) },
      body,
      times,
    );
  };

  const report: FakeTwilio['report'] = (sid, status, sending = {}) => {
    const callback = callbacks.get(sid);
    if (callback === undefined) throw new Error(`No callback is known for ${sid}.`);
    const { url, from, to } = callback;
    const fields: (readonly [string, string])[] = [
      ['MessageSid', sid],
      ['SmsSid', sid],
      ['MessageStatus', status],
      ['SmsStatus', status],
      ['AccountSid', accountSid],
      [from.startsWith('MG') ? 'MessagingServiceSid' : 'From', from],
      ['To', to],
      ['ApiVersion', '2010-04-01'],
      ...(sending.errorCode === undefined ? [] : [['ErrorCode', sending.errorCode] as const]),
    ];
    return call(url, fields, sending);
  };

  const fake = await startFake(
    {
      decide,
      error: twilioError,
      took({ id }) {
        if (!callbacks.has(id) || reports.length === 0) return;
        const all = async (): Promise<void> => {
          for (const status of reports) await report(id, status);
        };
        // The receiver may not be there; that is its affair.
        setImmediate(() => void all().catch(() => undefined));
      },
    },
    options,
  );

  return {
    ...fake,
    report,
    text(url, from, to, body, sending = {}) {
      const word = body.trim().toUpperCase();
      const kind = stopWords.includes(word)
        ? 'STOP'
        : startWords.includes(word)
          ? 'START'
          : helpWords.includes(word)
            ? 'HELP'
            : '';
      if (kind === 'STOP') stopped.add(`${to} ${from}`);
      if (kind === 'START') stopped.delete(`${to} ${from}`);
      const sid = `SM${createHash('md5')
        .update(`in${(count += 1)}`)
        .digest('hex')}`;
      const fields: (readonly [string, string])[] = [
        ['MessageSid', sid],
        ['SmsSid', sid],
        ['AccountSid', accountSid],
        ['From', from],
        ['To', to],
        ['Body', body],
        ['NumMedia', '0'],
        ['NumSegments', '1'],
        ...(kind === '' ? [] : [['OptOutType', kind] as const]),
      ];
      return call(url, fields, sending);
    },
  };
}

/** The first thing that is wrong with a form, by the provider's code. */
function checkForm(form: URLSearchParams, senders: readonly string[] | undefined): string | undefined {
  const names = [...form.keys()];
  if (names.some((name) => !parameters.includes(name)) || new Set(names).size !== names.length) return '20001';
  const to = form.get('To') ?? '';
  if (to === '') return '21604';
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return '21211';
  const from = form.get('From');
  const service = form.get('MessagingServiceSid');
  if (from === null && service === null) return '21603';
  if (service !== null && !/^MG[0-9a-f]{32}$/i.test(service)) return '21701';
  if (from !== null && senders !== undefined && !senders.includes(from)) return '21606';
  const body = form.get('Body') ?? '';
  if (body === '') return '21602';
  if (body.length > 1_600) return '21617';
  const callback = form.get('StatusCallback');
  if (callback !== null && !isCallback(callback)) return '21609';
  const validity = form.get('ValidityPeriod');
  if (validity !== null && !(/^\d+$/.test(validity) && Number(validity) >= 1 && Number(validity) <= 36_000))
    return '30036';
  if (!['retain', 'discard'].includes(form.get('ContentRetention') ?? 'retain')) return '20001';
  return ['retain', 'obfuscate'].includes(form.get('AddressRetention') ?? 'retain') ? undefined : '20001';
}

function isCallback(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && !new URL(text).hostname.includes('_');
}

/** Codes whose HTTP status is not 400. */
const statuses: Readonly<Record<string, number>> = { 20003: 401, 20404: 404, 20429: 429 };

function twilioError(code: string, status = statuses[code] ?? 400): Answer {
  return {
    status,
    body: { code: Number(code), message: 'Refused', more_info: `https://www.twilio.com/docs/errors/${code}`, status },
  };
}

/** A form as Twilio writes it, with `%20` for a space. */
const formOf = (fields: readonly (readonly [string, string])[]): string =>
  fields.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');

/** What follows the URL in the text that is signed: sorted by name, then by value, the same pair only once. */
function sortedPairs(fields: readonly (readonly [string, string])[]): string {
  const pairs = [...fields].sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  let text = '';
  pairs.forEach(([name, value], i) => {
    const before = pairs[i - 1];
    if (before === undefined || before[0] !== name || before[1] !== value) text += name + value;
  });
  return text;
}
