import type { ShortTermStore, Span } from '@tocsin/core';
import type { RedisConnection, Script } from './redis-connection.ts';
import { tagged } from './slot-keys.ts';

/** ARGV: value, time to live. Replies what stood there, or nil where the value was stored. */
export const putNewScript: Script = {
  name: 'tocsinPutNew',
  lua: `
local stands = redis.call('GET', KEYS[1])
if stands then return stands end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`,
};

/** Idempotency keys, single-use links and codes, on Redis. */
export class RedisShortTerm implements ShortTermStore {
  readonly #installation: string;
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection, installation: string) {
    this.#connection = connection;
    this.#installation = installation;
  }

  #key(key: string): string {
    return `{${this.#installation}:s:${tagged(key)}}`;
  }

  async putNew(key: string, value: string, ttlMs: Span): Promise<string | null> {
    const stands = (await this.#connection.run(
      putNewScript,
      [this.#key(key)],
      [value, Math.ceil(ttlMs)],
    )) as Buffer | null;
    return stands?.toString() ?? null;
  }

  async put(key: string, value: string, ttlMs: Span): Promise<void> {
    await this.#connection.with((client) => client.set(this.#key(key), value, 'PX', Math.ceil(ttlMs)));
  }

  async get(key: string): Promise<string | null> {
    return this.#connection.with((client) => client.get(this.#key(key)));
  }

  async take(key: string): Promise<string | null> {
    return this.#connection.with((client) => client.getdel(this.#key(key)));
  }
}
