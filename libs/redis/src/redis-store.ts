import type { Barriers, ShortTermStore, StateStore, TokenBuckets } from '@tocsin/core';
import { RedisBarriers, raiseScript } from './redis-barriers.ts';
import { RedisBuckets, takeScript } from './redis-buckets.ts';
import { RedisConnection } from './redis-connection.ts';
import type { TocsinRedisOptions } from './redis-options.ts';
import { RedisShortTerm, putNewScript } from './redis-short-term.ts';
import { RedisState } from './redis-state.ts';
import { stateScripts } from './state-scripts.ts';

/** Everything that Tocsin keeps in Redis. */
export interface RedisStore {
  readonly state: StateStore;
  readonly barriers: Barriers;
  readonly buckets: TokenBuckets;
  readonly shortTerm: ShortTermStore;
  /** Ends both connections. `state.close` alone ends that of the state only. */
  close(): Promise<void>;
}

/** State of all stages of an installation in Redis. Connects at once, and again for ever. */
export const redisState = (options: TocsinRedisOptions): StateStore =>
  new RedisState(new RedisConnection(options, stateScripts), options);

/** State on one connection, the small and urgent things on another, so that a barrier never waits behind a checkpoint. */
export function redisStore(options: TocsinRedisOptions): RedisStore {
  const state = redisState(options);
  const connection = new RedisConnection(options, [raiseScript, takeScript, putNewScript]);
  return {
    state,
    barriers: new RedisBarriers(connection, options),
    buckets: new RedisBuckets(connection, options.installation),
    shortTerm: new RedisShortTerm(connection, options.installation),
    close: async () => {
      await Promise.all([state.close(), connection.close()]);
    },
  };
}
