import { createHmac } from 'node:crypto';
import { checkMessage } from './fake-graph-check.ts';
import type { FakeTemplate } from './fake-graph-check.ts';
import { graphEvents } from './fake-graph-events.ts';
import type { GraphEvents } from './fake-graph-events.ts';
import { startFake } from './fake-server.ts';
import type { Answer, Decision, Fake, FakeOptions, Provider } from './fake-server.ts';
import { callWebhook } from './webhook-sender.ts';
import type { WebhookFaults, WebhookReply } from './webhook-sender.ts';

export interface FakeGraphOptions extends FakeOptions {
  readonly pageId: string;
  readonly accessToken: string;
  readonly appSecret: string;
  /** Default `v25.0`; any other version in the path is refused. */
  readonly version?: string;
  /** Demand `appsecret_proof`. Default true. */
  readonly requireProof?: boolean;
  /** The one form of utility messages that is accepted. Default `a`. */
  readonly utilityShape?: 'a' | 'b' | 'c';
  readonly templates?: readonly FakeTemplate[];
  /** The clock of the windows and of the events, in milliseconds since 1970. Default: the machine's. */
  readonly now?: () => number;
  /** Where `reports` go. */
  readonly webhookUrl?: string;
  /** Reports that are sent on their own for each message. Default none. */
  readonly reports?: readonly ('delivered' | 'read')[];
}

export interface GraphWebhookOptions extends WebhookFaults {
  /** `standby`: another application owns the conversation. Default `messaging`. */
  readonly as?: 'messaging' | 'standby';
  /** Default: `webhookUrl` of the fake. */
  readonly url?: string;
}

export interface FakeGraph extends Fake {
  /** Builds events, without sending them: to send them out of order, twice or together. What a customer does opens the window. */
  readonly events: GraphEvents;
  /** Sends events in one call, signed, as raw bytes with non-ASCII characters escaped as Meta does. */
  deliver(events: readonly object[], options?: GraphWebhookOptions): Promise<WebhookReply>;
  /** Opens a person's window for free messages until then (default: for 24 hours). */
  openWindow(psid: string, until?: number): void;
  closeWindow(psid: string): void;
}

const day = 24 * 60 * 60 * 1_000;

/** A Messenger Platform that takes nothing it should not: path, token, proof, shape, window, lengths and fields are checked. */
export async function startFakeGraph(options: FakeGraphOptions): Promise<FakeGraph> {
  const { pageId, accessToken, appSecret, version = 'v25.0', requireProof = true, utilityShape = 'a' } = options;
  const { templates = [], now = Date.now, webhookUrl, reports = [] } = options;
  const windows = new Map<string, number>();
  const openWindow = (psid: string, until = now() + day): void => void windows.set(psid, until);
  const proof = createHmac('sha256', appSecret).update(accessToken).digest('hex');
  let count = 0;

  const decide: Provider['decide'] = ({ method, url, headers, body }): Decision => {
    const refuse = (code: string, why: string, to = '', status?: number): Decision => ({
      to,
      answer: graphError(code, status, why),
    });
    if (method !== 'POST' || url.pathname !== `/${version}/${pageId}/messages`) {
      return refuse('2500', `Unknown path components: ${url.pathname}`);
    }
    const token = headers.authorization?.replace(/^Bearer /, '') ?? url.searchParams.get('access_token');
    if (token !== accessToken) return refuse('190', 'Invalid OAuth access token', '', 401);
    if (requireProof && url.searchParams.get('appsecret_proof') !== proof)
      return refuse('100', 'Invalid appsecret_proof');
    if (headers['content-type'] !== 'application/json') return refuse('100', 'The body must be JSON');
    const message = checkMessage(jsonOf(body), utilityShape, templates);
    if ('code' in message) return refuse(message.code, message.why, recipientOf(body));
    const { psid, needsWindow, text, key, buttons } = message;
    if (needsWindow && (windows.get(psid) ?? 0) <= now()) {
      return refuse('10/2018278', 'This message is sent outside of the allowed window', psid);
    }
    const id = `m_${String((count += 1)).padStart(8, '0')}`;
    return {
      to: psid,
      answer: { status: 200, body: { recipient_id: psid, message_id: id } },
      accepted: { id, to: psid, text, ...(key === undefined ? {} : { key }), buttons },
    };
  };

  const fake = await startFake(
    {
      decide,
      error: graphError,
      took({ id, to }) {
        if (webhookUrl === undefined) return;
        const sent = reports.map((report) => (report === 'read' ? events.read(to) : events.delivered(to, [id])));
        // The receiver may not be there; that is its affair.
        if (sent.length > 0) setImmediate(() => void deliver(sent).catch(() => undefined));
      },
    },
    options,
  );
  const events = graphEvents(pageId, now, openWindow);

  async function deliver(list: readonly object[], sending: GraphWebhookOptions = {}): Promise<WebhookReply> {
    const { as = 'messaging', url = webhookUrl, times } = sending;
    if (url === undefined) throw new Error('The fake does not know where to send webhooks.');
    const body = escaped(JSON.stringify({ object: 'page', entry: [{ id: pageId, time: now(), [as]: list }] }));
    return callWebhook(url, signatureOf(body, sending), body, times);
  }

  function signatureOf(body: string, { unsigned, wrongSignature }: WebhookFaults): Record<string, string> {
    const secret = wrongSignature === true ? `not ${appSecret}` : appSecret;
    const signature = { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
    return { 'content-type': 'application/json', ...(unsigned === true ? {} : signature) };
  }

  return { ...fake, events, deliver, openWindow, closeWindow: (psid) => void windows.delete(psid) };
}

/** Meta writes every character beyond ASCII as a lower-case escape, and signs that. */
const escaped = (json: string): string =>
  json.replace(/[^\p{ASCII}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );

function graphError(name: string, status = 400, message = 'Scripted error'): Answer {
  const [code, subcode] = name.split('/').map(Number);
  const type = code === 190 || code === 10 ? 'OAuthException' : 'GraphMethodException';
  return {
    status,
    body: {
      error: {
        message: `(#${code}) ${message}`,
        type,
        code,
        ...(subcode === undefined ? {} : { error_subcode: subcode }),
        fbtrace_id: 'A1',
      },
    },
  };
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

const recipientOf = (body: Buffer): string => {
  const found = (jsonOf(body) as { recipient?: { id?: unknown } } | undefined)?.recipient?.id;
  return typeof found === 'string' ? found : '';
};
