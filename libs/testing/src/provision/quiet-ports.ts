import { createServer } from 'node:net';

/** Below the range from which Linux takes ports for outgoing connections, and above what services usually listen on. */
const first = 20_000;
const last = 31_999;
let next = first + ((process.pid * 97) % (last - first));

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/**
 * Ports that stay free while nobody listens on them. A server that is killed and started again at its address needs such a
 * one: an ephemeral port may meanwhile be taken by any outgoing connection, even by one that tries to reach that very port.
 */
export async function quietPorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let tried = 0; ports.length < count && tried <= last - first; tried++) {
    const port = (next = next >= last ? first : next + 1);
    if (await isFree(port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`There are no ${count} free ports between ${first} and ${last}.`);
  return ports;
}
