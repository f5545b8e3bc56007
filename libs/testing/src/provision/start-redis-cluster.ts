import { freePorts } from './free-port.ts';
import { startRedis } from './start-redis.ts';
import type { RedisOptions, RunningRedis } from './start-redis.ts';
import { waitUntil } from './wait-until.ts';

export interface RedisClusterOptions extends Omit<RedisOptions, 'dir' | 'port'> {
  /** Default 3; they share the slots evenly. */
  readonly primaries?: number;
  /** Of each primary. Default 0. */
  readonly replicas?: number;
  /** The default user's, where `users` gives it one. */
  readonly password?: string;
}

export interface RunningRedisCluster {
  /** Primaries first, as they were at the start; then the replicas, in the same order. */
  readonly servers: readonly RunningRedis[];
  readonly primaries: readonly RunningRedis[];
  /** One command at one node. */
  cli(node: RunningRedis, ...parameters: readonly (string | number)[]): string;
  stop(): Promise<void>;
}

const slots = 16_384;

/** Starts a Redis Cluster on loopback, complete when it returns. A primary that is silent for 2 s is replaced by its replica. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RunningRedisCluster> {
  const { primaries: wanted = 3, replicas = 0, password, settings, ...rest } = options;
  const count = wanted * (1 + replicas);
  const ports = await freePorts(2 * count);
  const bus = (i: number): number => ports[count + i]!;
  const servers = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      startRedis({
        ...rest,
        port: ports[i]!,
        settings: {
          'cluster-enabled': 'yes',
          'cluster-port': bus(i),
          'cluster-node-timeout': 2_000,
          ...(password === undefined ? {} : { masterauth: password }),
          ...settings,
        },
      }),
    ),
  );
  const stop = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.stop())));
  const cli = (node: RunningRedis, ...parameters: readonly (string | number)[]): string =>
    node.cli(...(password === undefined ? [] : ['-a', password]), ...parameters);
  const primaries = servers.slice(0, wanted);
  try {
    for (const [i, primary] of primaries.entries()) {
      const until = Math.floor((slots * (i + 1)) / wanted) - 1;
      cli(primary, 'CLUSTER', 'ADDSLOTSRANGE', Math.floor((slots * i) / wanted), until);
    }
    for (const [i, server] of servers.entries()) {
      cli(server, 'CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
      if (i > 0) cli(servers[0]!, 'CLUSTER', 'MEET', server.host, server.port, bus(i));
    }
    const all = (what: string, field: string): Promise<unknown> =>
      waitUntil(what, () => servers.every((server) => cli(server, 'CLUSTER', 'INFO').includes(field)), { everyMs: 50 });
    await all('the nodes of the cluster to meet', `cluster_known_nodes:${count}`);
    for (const [i, replica] of servers.slice(wanted).entries()) {
      const id = cli(servers[i % wanted]!, 'CLUSTER', 'MYID');
      // It must have heard of its primary by itself before it can follow it.
      await waitUntil('a replica to know its primary', () => cli(replica, 'CLUSTER', 'NODES').includes(id));
      cli(replica, 'CLUSTER', 'REPLICATE', id);
    }
    await all('the cluster', 'cluster_state:ok');
    await waitUntil(
      'the replicas',
      () => primaries.every((one) => cli(one, 'INFO', 'replication').split('state=online').length === 1 + replicas),
      { everyMs: 50 },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, primaries, cli, stop };
}
