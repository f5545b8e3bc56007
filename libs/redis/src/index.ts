export * from './redis-error.ts';
export type { RedisAddress, RedisClusterAddress, RedisLogger, TocsinRedisOptions } from './redis-options.ts';
export * from './redis-permissions.ts';
export * from './redis-store.ts';
