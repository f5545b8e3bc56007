import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookRequest } from '@tocsin/core';

/**
 * Receives one webhook call on a real server, as the gateway would, and hands it over as the channel sees it. `publicUrl` is
 * what the configuration names; by default the address that was called.
 */
export async function webhookCall(
  call: (url: string) => Promise<unknown>,
  publicUrl?: (called: string) => string,
): Promise<WebhookRequest> {
  let found: WebhookRequest | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      found = {
        method: request.method === 'GET' ? 'GET' : 'POST',
        url: publicUrl?.(url.href) ?? url.href,
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
        query: Object.fromEntries(url.searchParams),
        rawBody: Buffer.concat(chunks),
        receivedAt: 1_790_000_000_000,
      };
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await call(`http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
  if (found === undefined) throw new Error('The webhook was not called.');
  return found;
}
