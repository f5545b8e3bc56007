import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultScript } from './faults.ts';
import type { Fault, FaultRule } from './faults.ts';

/** One request as the fake received it, whole, so that a test can compare it with the disclosure ledger. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query, as received. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The recipient that the request names; empty where it names none. */
  readonly to: string;
  /** What became of it: `accepted`, `refused`, or the kind of the fault. */
  readonly outcome: string;
  /** When it had been read, in milliseconds since 1970. */
  readonly at: number;
}

/** One message as the customer sees it on the phone. */
export interface VisibleMessage {
  readonly id: string;
  readonly to: string;
  readonly text: string;
  /** The sender's opaque key, where the request carried one. */
  readonly key?: string;
  /** Titles of buttons or quick replies. */
  readonly buttons: readonly string[];
}

export interface FakeOptions {
  /** Default 0: any free port of the loopback interface. */
  readonly port?: number;
  /** Seed of the faults that are drawn. Default 1. */
  readonly seed?: number;
  /** Requests that are kept for `received()`; the oldest go first. Default 100,000. */
  readonly keep?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | object;
}

/** What a provider does with one request that it has read. */
export interface Decision {
  readonly to: string;
  readonly answer: Answer;
  /** Present where the provider takes the message; it becomes visible together with the answer. */
  readonly accepted?: VisibleMessage;
}

export interface Provider {
  /** Reads and checks a request; strict. */
  decide(request: {
    readonly method: string;
    readonly url: URL;
    readonly headers: IncomingMessage['headers'];
    readonly body: Buffer;
  }): Decision;
  /** One row of the provider's error table as an answer. */
  error(code: string, status: number | undefined): Answer;
  /** After a message became visible: where status reports begin. */
  took?(message: VisibleMessage): void;
}

/** What every fake provider offers. */
export interface Fake {
  readonly url: string;
  readonly port: number;
  received(): readonly ReceivedRequest[];
  /** Messages as one customer sees them, or all of them. */
  visible(to?: string): readonly VisibleMessage[];
  /** Adds a fault; the function that is returned takes it away. */
  script(rule: FaultRule): () => void;
  clearScript(): void;
  /** Forgets requests and messages, and keeps the script. */
  forget(): void;
  stop(): Promise<void>;
}

const maxBody = 1024 * 1024;

/** Starts a provider on the loopback interface, with everything that misbehaves around it. */
export async function startFake(provider: Provider, options: FakeOptions): Promise<Fake> {
  const { port = 0, seed = 1, keep = 100_000 } = options;
  const script = new FaultScript(seed);
  const requests: ReceivedRequest[] = [];
  const messages = new Map<string, VisibleMessage[]>();

  const show = (message: VisibleMessage): void => {
    const of = messages.get(message.to);
    if (of === undefined) messages.set(message.to, [message]);
    else of.push(message);
    provider.took?.(message);
  };

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const early = script.next(undefined);
    if (early !== undefined) {
      note(request, '', '', early.kind);
      request.socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > maxBody) request.socket.destroy();
      else chunks.push(chunk);
    });
    // A client that goes away in the middle has sent nothing.
    request.on('error', () => undefined);
    request.on('end', () => answer(request, response, Buffer.concat(chunks)));
  };

  const note = (request: IncomingMessage, body: string, to: string, outcome: string): void => {
    if (requests.length >= keep) requests.shift();
    requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body,
      to,
      outcome,
      at: Date.now(),
    });
  };

  const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const url = new URL(request.url ?? '/', 'http://fake.invalid');
    const decision = provider.decide({ method: request.method ?? '', url, headers: request.headers, body });
    const fault = script.next(decision.to);
    note(
      request,
      body.toString('utf8'),
      decision.to,
      fault?.kind ?? (decision.accepted === undefined ? 'refused' : 'accepted'),
    );
    if (fault === undefined) {
      if (decision.accepted !== undefined) show(decision.accepted);
      write(response, decision.answer);
    } else misbehave(fault, decision, response);
  };

  const misbehave = (fault: Fault, { accepted, answer: usual }: Decision, response: ServerResponse): void => {
    const reveal = (): void => {
      if (accepted !== undefined) show(accepted);
    };
    switch (fault.kind) {
      case 'answer':
        if (fault.accept === true) reveal();
        return write(response, { status: fault.status, headers: fault.headers ?? {}, body: fault.body ?? '' });
      case 'error':
        return write(response, provider.error(fault.code, fault.status));
      case 'rate-limited': {
        const headers = fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
        return write(response, { status: 429, headers, body: '' });
      }
      case 'drop-before-body':
      case 'drop-after-body':
        if (fault.kind === 'drop-after-body' && fault.accept === true) reveal();
        response.socket?.destroy();
        return;
      case 'never-answer':
        reveal();
        return;
      case 'answer-twice': {
        const { socket } = response;
        reveal();
        response.once('finish', () => socket?.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
        return write(response, usual);
      }
      case 'slow':
        // Visible at once: so a report of its own can come before the answer.
        reveal();
        setTimeout(() => write(response, usual), fault.delayMs).unref();
    }
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;

  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    received: () => requests,
    visible: (to) => (to === undefined ? [...messages.values()].flat() : (messages.get(to) ?? [])),
    script: (rule) => script.add(rule),
    clearScript: () => script.clear(),
    forget() {
      requests.length = 0;
      messages.clear();
    },
    stop: () => close(server),
  };
}

function write(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  const isText = typeof body === 'string';
  const text = isText ? body : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': isText ? 'text/plain' : 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    // Answers that never come would otherwise hold the server for ever.
    server.closeAllConnections();
  });
