import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 300_000;
const callMs = 4_000;

/**
 * Stands before the gateways as a balancer would, and is as stubborn as a provider: what no gateway answered is tried again
 * with the next one, for a while.
 */
export class Relay {
  readonly url: string;
  readonly #server: Server;
  readonly #gateways: readonly string[];
  #turn = 0;
  #closed = false;
  /** Until then, every call is made twice. */
  twiceUntil = 0;

  private constructor(server: Server, port: number, gateways: readonly string[]) {
    this.#server = server;
    this.#gateways = gateways;
    this.url = `http://127.0.0.1:${port}`;
    server.on('request', (request, response) => void this.#pass(request, response).catch(() => response.destroy()));
  }

  static async open(port: number, gateways: readonly string[]): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new Relay(server, port, gateways);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length === 0 ? undefined : Buffer.concat(chunks);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (!['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive'].includes(name))
        headers.set(name, String(value));
    }
    const call = { method: request.method ?? 'GET', headers, ...(body === undefined ? {} : { body }) };
    const deadline = performance.now() + patienceMs;
    let answer = await this.#try(request.url ?? '/', call);
    while ((answer === undefined || answer.status >= 500 || answer.status === 429) && performance.now() < deadline) {
      if (this.#closed) return;
      await sleep(250);
      answer = await this.#try(request.url ?? '/', call);
    }
    if (performance.now() < this.twiceUntil) await this.#try(request.url ?? '/', call);
    response.writeHead(answer?.status ?? 504, { 'content-type': answer?.type ?? 'text/plain' });
    response.end(answer?.text ?? '');
  }

  async #try(path: string, call: RequestInit): Promise<{ status: number; type: string; text: string } | undefined> {
    const gateway = this.#gateways[(this.#turn += 1) % this.#gateways.length]!;
    try {
      const answer = await fetch(gateway + path, { ...call, signal: AbortSignal.timeout(callMs) });
      return {
        status: answer.status,
        type: answer.headers.get('content-type') ?? 'text/plain',
        text: await answer.text(),
      };
    } catch {
      return undefined;
    }
  }
}
