import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An SMS provider that accepts everything at once and remembers only when: the simulator's providers check and keep every
 * request, and a bench would measure that.
 */
export interface LocalProvider {
  readonly url: string;
  /** Messages accepted so far. */
  accepted(): number;
  /** Called with each recipient at the moment of the answer; monotonic milliseconds. */
  onAccepted(listener: (to: string, at: number) => void): void;
  stop(): Promise<void>;
}

export const accountSid = `AC${'1'.repeat(32)}`;

export async function startLocalProvider(): Promise<LocalProvider> {
  let count = 0;
  let listener: (to: string, at: number) => void = () => undefined;
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const to = /(?:^|&)To=([^&]*)/.exec(Buffer.concat(chunks).toString('latin1'))?.[1] ?? '';
      count += 1;
      const body = `{"sid":"SM${String(count).padStart(32, '0')}","status":"queued","num_segments":"1"}`;
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': body.length });
      response.end(body);
      listener(decodeURIComponent(to), performance.now());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: () => count,
    onAccepted: (told) => (listener = told),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
