import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a counterpart treats what comes from now on. */
export type Behaviour =
  | 'accept'
  /** Says "later", in the way of the provider: HTTP 429 with `Retry-After`, SMTP 4xx. */
  | 'throttle'
  /** Takes the whole request and closes the connection without an answer. */
  | 'drop-after-body'
  /** Takes the whole request and stays silent. */
  | 'never-answer';

export interface CounterpartRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface CounterpartAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

export interface HttpCounterpart {
  readonly url: string;
  readonly port: number;
  readonly behave: (how: Behaviour) => void;
  readonly requests: () => number;
  /** Everything received, as text. */
  readonly received: () => string;
  /** What `text` found in each request that was accepted. */
  readonly texts: () => readonly string[];
  readonly stop: () => Promise<void>;
}

/** The seconds that it names in `Retry-After`. */
export const counterpartRetryAfterSeconds = 7;

/**
 * A small HTTP server that plays the provider for a channel that has no fake of its own: it accepts as the channel's author
 * describes, and knows by itself how to throttle, drop and stay silent.
 */
export async function startHttpCounterpart(provider: {
  /** The provider's answer to a good request, and its refusal of a bad one. */
  answer(request: CounterpartRequest): CounterpartAnswer;
  /** The text that the customer would see. */
  text(request: CounterpartRequest): string;
}): Promise<HttpCounterpart> {
  let behaviour: Behaviour = 'accept';
  const seen: CounterpartRequest[] = [];
  const texts: string[] = [];

  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('error', () => undefined);
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const request = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
      seen.push(request);
      if (behaviour === 'never-answer') return;
      if (behaviour === 'drop-after-body') return void incoming.socket.destroy();
      if (behaviour === 'throttle') {
        response.writeHead(429, { 'retry-after': String(counterpartRetryAfterSeconds) }).end();
        return;
      }
      const { status, body, contentType = 'application/json' } = provider.answer(request);
      if (status < 300) texts.push(provider.text(request));
      response.writeHead(status, { 'content-type': contentType }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    behave: (how) => void (behaviour = how),
    requests: () => seen.length,
    received: () => seen.map(({ path, headers, body }) => `${path}\n${JSON.stringify(headers)}\n${body}`).join('\n'),
    texts: () => texts,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
