import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { quietPorts, waitUntil } from '@tocsin/testing';
import { TcpProxy } from './tcp-proxy.ts';

/* A fault that spoils nothing tests nothing: each weather does what its name says. */

const clean: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

/** Answers each line with its own name before it. */
async function echo(name: string): Promise<Server & { readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => socket.write(`${name} ${bytes.toString()}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  clean.push(() => new Promise((resolve) => server.close(resolve)));
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

async function opened(): Promise<TcpProxy> {
  const [port] = await quietPorts(1);
  const proxy = await TcpProxy.open(port!);
  clean.push(() => proxy.close());
  return proxy;
}

function caller(proxy: TcpProxy): { readonly socket: Socket; readonly heard: string[]; closed: () => boolean } {
  const socket = connect(proxy.port, '127.0.0.1');
  const heard: string[] = [];
  let closed = false;
  socket.on('data', (bytes) => heard.push(bytes.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (closed = true));
  clean.push(() => void socket.destroy());
  return { socket, heard, closed: () => closed };
}

describe('a proxy', () => {
  it('passes everything on, both ways, while the weather is fair', async () => {
    const proxy = await opened();
    proxy.lead((await echo('one')).port);
    const { socket, heard } = caller(proxy);
    socket.write('hello');
    await waitUntil('the answer', () => heard.length > 0);
    expect(heard).toEqual(['one hello']);
  });

  it('delays, and keeps the order', async () => {
    const proxy = await opened();
    proxy.lead((await echo('one')).port);
    const { socket, heard } = caller(proxy);
    proxy.weather = { kind: 'slow', delayMs: 150 };
    const begun = performance.now();
    socket.write('a');
    await waitUntil('the answer', () => heard.length > 0);
    expect(performance.now() - begun).toBeGreaterThan(290);
    socket.write('b');
    proxy.weather = { kind: 'fair' };
    socket.write('c');
    await waitUntil('all answers', () => heard.join('').includes('c'));
    expect(heard.join('').replaceAll('one ', '')).toBe('abc');
  });

  it('swallows without a word, and lets go later', async () => {
    const proxy = await opened();
    proxy.lead((await echo('one')).port);
    const { socket, heard, closed } = caller(proxy);
    proxy.weather = { kind: 'silent' };
    socket.write('hello');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([heard, closed()]).toEqual([[], false]);
    proxy.weather = { kind: 'fair' };
    await waitUntil('the answer', () => heard.length > 0);
  });

  it('cuts what stands, and refuses what comes', async () => {
    const proxy = await opened();
    proxy.lead((await echo('one')).port);
    const first = caller(proxy);
    first.socket.write('hello');
    await waitUntil('the answer', () => first.heard.length > 0);
    proxy.weather = { kind: 'cut' };
    await waitUntil('the connection to break', () => first.closed());
    const second = caller(proxy);
    await waitUntil('the connection to be refused', () => second.closed());
    expect(second.heard).toEqual([]);
  });

  it('leads elsewhere, and takes nobody along', async () => {
    const proxy = await opened();
    proxy.lead((await echo('one')).port);
    const first = caller(proxy);
    first.socket.write('hello');
    await waitUntil('the answer', () => first.heard.length > 0);
    proxy.lead((await echo('two')).port);
    await waitUntil('the old connection to break', () => first.closed());
    const second = caller(proxy);
    second.socket.write('hello');
    await waitUntil('the answer of the other one', () => second.heard.length > 0);
    expect(second.heard).toEqual(['two hello']);
  });
});
