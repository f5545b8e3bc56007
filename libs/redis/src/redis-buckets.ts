import type { TokenBuckets } from '@tocsin/core';
import { OneTurn } from './one-turn.ts';
import type { RedisConnection, Script } from './redis-connection.ts';
import { tagged } from './slot-keys.ts';

/**
 * ARGV: want, tokens per second, burst, reserve. Time is the one of Redis; a clock set back adds nothing and takes nothing.
 * A bucket that would be full by now is the same as none, so it may expire. Replies what was granted and what is left.
 */
export const takeScript: Script = {
  name: 'tocsinTake',
  lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local want, rate, burst, reserve = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if bucket[1] then
  tokens = math.min(burst, tonumber(bucket[1]) + math.max(0, now - tonumber(bucket[2])) * rate / 1000)
end
local granted = math.max(0, math.min(want, math.floor(tokens - reserve)))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', string.format('%.9f', tokens), 'at', string.format('%.3f', now))
if rate > 0 then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.min(1e12, 1000 + 1000 * burst / rate))) end
return { granted, string.format('%.9f', tokens) }`,
};

interface Taking {
  readonly bucket: string;
  readonly want: number;
  readonly perSecond: number;
  readonly burst: number;
  readonly reserve: number;
}

interface Taken {
  readonly granted: number;
  readonly nextInMs: number;
}

/** Rate limits that all instances share, on Redis. */
export class RedisBuckets implements TokenBuckets {
  readonly #installation: string;
  readonly #connection: RedisConnection;
  readonly #taken = new OneTurn<Taking, Taken>((takings) => this.#takeAll(takings));

  constructor(connection: RedisConnection, installation: string) {
    this.#connection = connection;
    this.#installation = installation;
  }

  take(
    bucket: string,
    want: number,
    {
      perSecond,
      burst,
      reserve = 0,
    }: { readonly perSecond: number; readonly burst: number; readonly reserve?: number },
  ): Promise<Taken> {
    return this.#taken.ask({ bucket, want, perSecond, burst, reserve });
  }

  /** Those who want the same of one bucket take together; what is granted goes to those who asked first. */
  async #takeAll(takings: readonly Taking[]): Promise<readonly Taken[]> {
    const together = Map.groupBy(takings, ({ bucket, perSecond, burst, reserve }) =>
      [perSecond, burst, reserve, bucket].join(' '),
    );
    const answers = new Map<Taking, Taken>();
    await Promise.all(
      [...together.values()].map(async (same) => {
        const want = same.reduce((sum, taking) => sum + taking.want, 0);
        const { granted, nextInMs } = await this.#take({ ...same[0]!, want });
        let left = granted;
        for (const taking of same) {
          const given = Math.min(left, taking.want);
          left -= given;
          answers.set(taking, { granted: given, nextInMs });
        }
      }),
    );
    return takings.map((taking) => answers.get(taking)!);
  }

  async #take({ bucket, want, perSecond, burst, reserve }: Taking): Promise<Taken> {
    const key = `{${this.#installation}:t:${tagged(bucket)}}`;
    const reply = (await this.#connection.run(takeScript, [key], [want, perSecond, burst, reserve])) as [
      number,
      Buffer,
    ];
    const missing = reserve + 1 - Number(reply[1]);
    return { granted: reply[0], nextInMs: missing <= 0 ? 0 : Math.ceil((missing / perSecond) * 1_000) };
  }
}
