import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { surviveErrors } from './survive-errors.ts';

const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0).reverse()) close();
});

it('hears every error of a socket, not only the first', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => server.close());
  const client = new Redis({
    port: (server.address() as AddressInfo).port,
    lazyConnect: true,
    retryStrategy: () => null,
  });
  opened.push(() => client.disconnect());
  const errors: string[] = [];
  client.on('error', ({ message }: Error) => errors.push(message));
  surviveErrors(client);
  client.connect().catch(() => undefined);
  await new Promise<void>((resolve) => client.once('connect', resolve));
  const { stream } = client;
  opened.push(() => stream.destroy());
  stream.emit('error', new Error('first'));
  // Without a listener this throws, and in a process of its own it would end it.
  expect(() => stream.emit('error', new Error('second'))).not.toThrow();
  expect(errors).toContain('first');
});
