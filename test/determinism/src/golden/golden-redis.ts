import type { Position, Slot } from '@tocsin/core';
import { redisStore } from '@tocsin/redis';
import { startRedis, waitUntil } from '@tocsin/testing';
import { Redis } from 'ioredis';

/*
 * How a slot lies in Redis: its keys, the fields of the position, and in which of the hashes each entry is. What stands inside
 * an entry is the engine's, and in the golden state; here it is a few bytes that say which entry they are of.
 */

/** One field of one hash; its value as base64. */
export interface RedisLine {
  readonly key: string;
  readonly field: string;
  readonly value: string;
}

export const position: Position = {
  offset: 1_234,
  fingerprint: { offset: 1_233, timestamp: 1_772_524_850_050, crc: 2_820_385_199 },
  generation: 2,
  clockAt: 1_772_524_850_999,
};

/** Resident ones, and so many of all sorts that no hash is left empty; the bytes are those of no text. */
export const entries: ReadonlyMap<string, Uint8Array> = new Map(
  [
    ...['!w:ingest.cards/0', '!rules', '!h:bank'],
    ...Array.from({ length: 60 }, (_, i) => `a:bank:acc-${i}`),
    ...['s:bank:acc-1/17', 'l:bank:Größe {1}', 'p:bank:顧客'],
  ].map((name, i) => [name, Uint8Array.of(1, 0xff, i, ...Buffer.from(name))]),
);

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Lends a slot in a Redis of its own, and a plain client beside it. */
export async function withSlot<T>(act: (slot: Slot, client: Redis) => Promise<T>): Promise<T> {
  const server = await startRedis();
  const { host, port } = server;
  const store = redisStore({ installation: 'golden', redis: { host, port } });
  const client = new Redis({ host, port });
  try {
    await waitUntil('Redis to answer', () =>
      store.state.ping().then(
        () => true,
        () => false,
      ),
    );
    return await act(store.state.slot('detect', 3), client);
  } finally {
    client.disconnect();
    await store.close();
    await server.stop();
  }
}

/** Everything that stands in Redis after one owner has saved and gone. */
export const redisLines = (): Promise<readonly RedisLine[]> =>
  withSlot(async (slot, client) => {
    const acquired = await slot.acquire({ leaseMs: 10_000, takeOver: false });
    if ('busyMs' in acquired) throw new Error('A new store is nobody’s.');
    const { token, version } = acquired;
    const saved = await slot.checkpoint({ token, version, position, entries, leaseMs: 10_000, release: true });
    if (saved === 'fenced') throw new Error('Nobody else was there.');
    const lines: RedisLine[] = [];
    for (const key of (await client.keys('*')).sort()) {
      const fields = await client.hgetallBuffer(key);
      for (const field of Object.keys(fields).sort()) lines.push({ key, field, value: base64(fields[field]!) });
    }
    return lines;
  });

/** A slot as another build left it. */
export async function restore(lines: readonly RedisLine[], client: Redis): Promise<void> {
  for (const { key, field, value } of lines) await client.hset(key, field, Buffer.from(value, 'base64'));
}
