import type { TocsinRedisOptions } from '@tocsin/redis';
import type { RedisSettings } from '../settings.ts';

const addressOf = (node: string): { readonly host: string; readonly port: number } => {
  const colon = node.lastIndexOf(':');
  return { host: node.slice(0, colon), port: Number(node.slice(colon + 1)) };
};

/** The settings as the adapter takes them: one server, Sentinels or a Cluster. */
export function redisAddress(settings: RedisSettings): Pick<TocsinRedisOptions, 'redis' | 'cluster'> {
  const { host, port, username, password, db, sentinel, cluster } = settings;
  const tls = settings.tls === undefined ? {} : { tls: { ...settings.tls } };
  const user = { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
  if (cluster !== undefined) return { cluster: { nodes: cluster.nodes.map(addressOf), redis: { ...user, ...tls } } };
  if (sentinel === undefined) return { redis: { host, port, db, ...user, ...tls } };
  return {
    redis: {
      sentinels: sentinel.nodes.map(addressOf),
      name: sentinel.primary,
      ...(sentinel.username === undefined ? {} : { sentinelUsername: sentinel.username }),
      ...(sentinel.password === undefined ? {} : { sentinelPassword: sentinel.password }),
      db,
      ...user,
      ...tls,
    },
  };
}
