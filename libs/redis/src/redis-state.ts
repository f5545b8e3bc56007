import { randomBytes } from 'node:crypto';
import type { Acquired, CheckpointRequest, Position, Slot, StateStore } from '@tocsin/core';
import type { Argument, RedisConnection } from './redis-connection.ts';
import { checkRedis } from './redis-check.ts';
import type { TocsinRedisOptions } from './redis-options.ts';
import { hashOf, slotKeys } from './slot-keys.ts';
import type { SlotKeys } from './slot-keys.ts';
import { acquireScript, checkpointScript, peekScript, readScript, sweepScript } from './state-scripts.ts';

/** Fields that one call of `sweep` looks at: a few milliseconds of Redis. */
const sweepFields = 2_000;

type Bulk = Buffer | null;

class RedisSlot implements Slot {
  readonly #connection: RedisConnection;
  readonly #keys: SlotKeys;
  /** Where the next sweep goes on; a new owner begins anew, which costs it a little looking. */
  #sweepFrom = { place: 2, cursor: '0' };

  constructor(connection: RedisConnection, keys: SlotKeys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async acquire({
    leaseMs,
    takeOver,
  }: {
    readonly leaseMs: number;
    readonly takeOver: boolean;
  }): Promise<Acquired | { readonly busyMs: number }> {
    const token = randomBytes(8).toString('hex');
    const { position, hashes } = this.#keys;
    const reply = (await this.#connection.run(
      acquireScript,
      [position, hashes[0]!],
      [token, leaseMs, takeOver ? '1' : '0'],
    )) as [Buffer, Buffer, Bulk, Bulk, Bulk, Bulk, readonly Buffer[]];
    if (reply[0].toString() === 'busy') return { busyMs: Number(reply[1]) };
    const [, version, offset, fingerprint, generation, clock, fields] = reply;
    const resident = new Map<string, Uint8Array>();
    for (let i = 0; i < fields.length; i += 2) resident.set(fields[i]!.toString(), fields[i + 1]!);
    return {
      token,
      version: Number(version),
      position: positionOf([offset, fingerprint, generation, clock]),
      resident,
    };
  }

  async checkpoint(request: CheckpointRequest): Promise<number | 'fenced'> {
    const { token, version, position, entries, leaseMs, release } = request;
    const { fingerprint } = position;
    const args: Argument[] = [
      token,
      version,
      version + 1,
      position.offset,
      fingerprint === null ? '' : `${fingerprint.offset},${fingerprint.timestamp},${fingerprint.crc}`,
      position.generation,
      position.clockAt,
      leaseMs,
      release === true ? '1' : '0',
    ];
    const changes = this.#keys.hashes.map(() => ({ set: [] as Argument[], gone: [] as Argument[] }));
    for (const [key, value] of entries) {
      const change = changes[hashOf(key)]!;
      if (value === null) change.gone.push(key);
      else change.set.push(key, asBuffer(value));
    }
    changes.forEach(({ set, gone }, hash) => {
      if (set.length + gone.length === 0) return;
      args.push(hash + 2, set.length / 2, gone.length);
      for (const argument of set) args.push(argument);
      for (const argument of gone) args.push(argument);
    });
    return (await this.#connection.run(checkpointScript, this.#keys.all, args)) === 1 ? version + 1 : 'fenced';
  }

  async read(
    token: string,
    version: number,
    keys: readonly string[],
  ): Promise<readonly (Uint8Array | null)[] | 'fenced'> {
    const { args, order } = groupByHash(keys);
    const reply = await this.#connection.run(readScript, this.#keys.all, [token, version, ...args]);
    return reply === 0 ? 'fenced' : inOrder(reply as readonly Bulk[], order);
  }

  async sweep(token: string, version: number, clockAt: number): Promise<number | 'fenced'> {
    const { place, cursor } = this.#sweepFrom;
    const args = [token, version, clockAt, place, cursor, sweepFields];
    const reply = await this.#connection.run(sweepScript, this.#keys.all, args);
    if (reply === 0) return 'fenced';
    const [nextPlace, nextCursor, removed] = reply as [number, Buffer, number];
    this.#sweepFrom = { place: nextPlace, cursor: nextCursor.toString() };
    return removed;
  }

  async peek(keys: readonly string[]): Promise<readonly (Uint8Array | null)[]> {
    if (keys.length === 0) return [];
    const { args, order } = groupByHash(keys);
    return inOrder((await this.#connection.run(peekScript, this.#keys.all, args)) as readonly Bulk[], order);
  }

  async position(): Promise<Position | null> {
    const fields = ['offset', 'fingerprint', 'generation', 'clock'] as const;
    return positionOf(await this.#connection.with((client) => client.hmgetBuffer(this.#keys.position, ...fields)));
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What the scripts gather: hash by hash; and for each value that comes back, which of the keys it belongs to. */
function groupByHash(keys: readonly string[]): {
  readonly args: readonly Argument[];
  readonly order: readonly number[];
} {
  const groups = new Map<number, number[]>();
  keys.forEach((key, i) => {
    const hash = hashOf(key);
    const group = groups.get(hash);
    if (group === undefined) groups.set(hash, [i]);
    else group.push(i);
  });
  const args: Argument[] = [];
  const order: number[] = [];
  for (const [hash, group] of groups) {
    args.push(hash + 2, group.length);
    for (const i of group) {
      args.push(keys[i]!);
      order.push(i);
    }
  }
  return { args, order };
}

function inOrder(values: readonly Bulk[], order: readonly number[]): readonly Bulk[] {
  const found = new Array<Bulk>(order.length).fill(null);
  order.forEach((place, i) => (found[place] = values[i] ?? null));
  return found;
}

function positionOf([offset, fingerprint, generation, clock]: readonly (Bulk | undefined)[]): Position | null {
  // A slot that was acquired and never saved has an owner and no position.
  if (!offset) return null;
  const [at, timestamp, crc] = (fingerprint?.toString() ?? '').split(',').map(Number);
  return {
    offset: Number(offset),
    fingerprint: timestamp === undefined ? null : { offset: at!, timestamp, crc: crc! },
    generation: Number(generation),
    clockAt: Number(clock),
  };
}

/** The state port on Redis. */
export class RedisState implements StateStore {
  readonly #options: TocsinRedisOptions;
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection, options: TocsinRedisOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  slot(stage: string, partition: number): Slot {
    return new RedisSlot(this.#connection, slotKeys(this.#options.installation, stage, partition));
  }

  async check(): Promise<readonly string[]> {
    return checkRedis(this.#connection, this.#options);
  }

  async ping(): Promise<void> {
    await this.#connection.ping();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
