import { newerBarrier } from '@tocsin/core';
import type { Barrier, BarrierAnswer, BarrierQuestion, Barriers, KillSwitch } from '@tocsin/core';
import { OneTurn } from './one-turn.ts';
import { addScript } from './redis-connection.ts';
import type { RedisConnection, Script } from './redis-connection.ts';
import { RedisError } from './redis-error.ts';
import { defaultTimeout } from './redis-options.ts';
import type { TocsinRedisOptions } from './redis-options.ts';
import { tagged } from './slot-keys.ts';

/*
 * A barrier is a field `<channel>` -> `<offset> <verdict>` of its customer's hash; a kill switch a field `<scope>` of its
 * tenant's. Each is one key, so a Cluster may spread them as it likes.
 */

/** ARGV: channel, offset, verdict. A lower offset never replaces a higher one. */
export const raiseScript: Script = {
  name: 'tocsinRaise',
  lua: `
local stands = redis.call('HGET', KEYS[1], ARGV[1])
if stands and tonumber(string.match(stands, '^%d+')) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
return 1`,
};

function barrierOf(channel: string, value: Buffer | null | undefined): Barrier | null {
  if (!value) return null;
  const [offset, verdict] = value.toString().split(' ');
  return { offset: Number(offset), channel, verdict: verdict as Barrier['verdict'] };
}

/** The barriers on Redis. */
export class RedisBarriers implements Barriers {
  readonly #installation: string;
  readonly #replicas: number;
  readonly #waitMs: number;
  readonly #connection: RedisConnection;
  readonly #asked = new OneTurn<readonly BarrierQuestion[], readonly BarrierAnswer[]>((asked) => this.#answers(asked));

  constructor(connection: RedisConnection, options: TocsinRedisOptions) {
    this.#connection = connection;
    this.#installation = options.installation;
    this.#replicas = options.replicas ?? 0;
    // Shorter than the deadline of the command, so that "too few replicas" is told from "no answer".
    this.#waitMs = Math.ceil((options.timeoutMs ?? defaultTimeout) / 2);
  }

  #barrierKey(tenantId: string, customerId: string): string {
    return `{${this.#installation}:b:${tagged(tenantId)}:${tagged(customerId)}}`;
  }

  #killKey(tenantId: string): string {
    return `{${this.#installation}:k:${tagged(tenantId)}}`;
  }

  async raise(tenantId: string, customerId: string, { channel, offset, verdict }: Barrier): Promise<void> {
    const key = this.#barrierKey(tenantId, customerId);
    await this.#confirmed((commands) => addScript(commands, raiseScript, [key], [channel, offset, verdict]));
  }

  async switchKill(killSwitch: KillSwitch): Promise<void> {
    const key = this.#killKey(killSwitch.tenantId);
    await this.#confirmed((commands) => void commands.hset(key, killSwitch.scope, JSON.stringify(killSwitch)));
  }

  /** The write and WAIT travel together: WAIT counts the replicas that have what this connection wrote before. */
  async #confirmed(write: Parameters<RedisConnection['pipeline']>[0]): Promise<void> {
    const results = await this.#connection.pipeline((commands) => {
      write(commands);
      if (this.#replicas > 0) commands.wait(this.#replicas, this.#waitMs);
    });
    const confirmed = this.#replicas > 0 ? Number(results[1]) : 0;
    if (confirmed < this.#replicas) {
      throw new RedisError(
        'REPLICAS_MISSING',
        `${confirmed} of ${this.#replicas} replicas confirmed the write in time.`,
      );
    }
  }

  async killSwitches(tenantId: string): Promise<readonly KillSwitch[]> {
    const all = await this.#connection.with((client) => client.hgetall(this.#killKey(tenantId)));
    return Object.keys(all)
      .sort()
      .map((scope) => JSON.parse(all[scope]!) as KillSwitch);
  }

  async ask(questions: readonly BarrierQuestion[]): Promise<readonly BarrierAnswer[]> {
    return questions.length === 0 ? [] : this.#asked.ask(questions);
  }

  async #answers(asked: readonly (readonly BarrierQuestion[])[]): Promise<readonly (readonly BarrierAnswer[])[]> {
    const lookups = new Lookups();
    const places = asked.map((questions) =>
      questions.map(({ tenantId, customerId, channel, provider }) => ({
        channel,
        own: lookups.add(this.#barrierKey(tenantId, customerId), [channel, '*']),
        kill: lookups.add(this.#killKey(tenantId), ['all', `channel:${channel}`, `provider:${provider}`]),
      })),
    );
    const found = await this.#lookUp(lookups.all);
    return places.map((questions) =>
      questions.map(({ channel, own, kill }): BarrierAnswer => {
        const [forChannel, forEvery] = found[own]!;
        const killed = found[kill]!.map((value) => (value ? (JSON.parse(value.toString()) as KillSwitch) : null));
        return {
          barrier: newerBarrier(barrierOf(channel, forChannel), barrierOf('*', forEvery)),
          killed: killed.find((killSwitch) => killSwitch?.on)?.scope ?? null,
        };
      }),
    );
  }

  /** All at once: one pipeline, or where keys are spread over a Cluster, all commands before the first answer. */
  async #lookUp(lookups: readonly Lookup[]): Promise<readonly (readonly (Buffer | null)[])[]> {
    if (this.#connection.cluster) {
      return this.#connection.with((client) =>
        Promise.all(lookups.map(({ key, fields }) => client.hmgetBuffer(key, ...fields))),
      );
    }
    const answers = await this.#connection.pipeline((commands) => {
      for (const { key, fields } of lookups) commands.hmgetBuffer(key, ...fields);
    });
    return answers as readonly (readonly (Buffer | null)[])[];
  }
}

interface Lookup {
  readonly key: string;
  readonly fields: readonly string[];
}

/** What is to be looked up, each thing once. */
class Lookups {
  readonly all: Lookup[] = [];
  readonly #places = new Map<string, number>();

  /** Returns where among all its answer stands. */
  add(key: string, fields: readonly string[]): number {
    const id = [key, ...fields].join('\0');
    let place = this.#places.get(id);
    if (place === undefined) {
      place = this.all.push({ key, fields }) - 1;
      this.#places.set(id, place);
    }
    return place;
  }
}
