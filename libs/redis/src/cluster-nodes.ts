import { setImmediate as turn } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import type { RedisLogger } from './redis-options.ts';
import { surviveErrors } from './survive-errors.ts';

/**
 * Connects to every node as soon as it is known, replicas too: ioredis connects with the first command, and refuses all
 * others until that is done. One line for each node that is lost, and one when it is back.
 */
export function keepConnected(cluster: Cluster, logger: RedisLogger | undefined): void {
  const lost = new Map<string, number>();
  cluster.on('+node', (node: Redis) => {
    surviveErrors(node);
    node.once('ready', () => {
      const address = addressOf(node);
      const at = lost.get(address);
      if (at === undefined) return;
      lost.delete(address);
      logger?.info('A node of the Redis Cluster is reachable again.', { node: address, afterMs: Date.now() - at });
    });
    // Not at once: a command that follows a redirection to a new node is sent in this very turn, and connects by itself.
    void turn()
      .then(() => (node.status === 'wait' ? node.connect() : undefined))
      .catch(() => undefined);
  });
  cluster.on('node error', (error: NodeJS.ErrnoException, address: string) => {
    if (lost.has(address)) return;
    lost.set(address, Date.now());
    logger?.warn('A node of the Redis Cluster is not reachable.', { node: address, reason: error.code ?? error.name });
  });
}

export const addressOf = ({ options }: Redis): string => `${options.host}:${options.port}`;

const settled = (node: Redis): Promise<void> =>
  new Promise((resolve) => {
    if (node.status === 'ready' || node.status === 'end') resolve();
    node.once('ready', () => resolve());
    node.once('end', () => resolve());
  });

/** Resolves when every node that is known can take commands, or cannot be reached. */
export async function nodesReady(cluster: Cluster): Promise<void> {
  await Promise.all(cluster.nodes().map(settled));
}

/**
 * Where a Cluster says that a key lies, when it refused a command for it. ioredis follows for single commands; in a pipeline
 * only when all of it was refused, and WAIT is not. ASK: for this once only, the key is on its way.
 */
export async function redirected(
  cluster: Cluster,
  error: Error,
): Promise<{ readonly node: Redis; readonly asking: boolean } | undefined> {
  const [, kind, address] = /^(MOVED|ASK) \d+ (\S+:\d+)$/.exec(error.message) ?? [];
  if (address === undefined) return undefined;
  const asking = kind === 'ASK';
  if (!asking) await new Promise<void>((resolve) => cluster.refreshSlotsCache(() => resolve()));
  const node = cluster.nodes().find((one) => addressOf(one) === address);
  if (node === undefined) return undefined;
  await settled(node);
  return { node, asking };
}
