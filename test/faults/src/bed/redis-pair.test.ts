import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@tocsin/testing';
import { RedisPair, ask } from './redis-pair.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/* What the campaign does to Redis is what it says: a crash loses nothing, an older file and a fail-over lose the newest. */

describe('a Redis with a replica', () => {
  let pair: RedisPair;
  let door: TcpProxy;
  beforeAll(async () => {
    pair = await RedisPair.open();
    door = await pair.door();
    await pair.whole();
  }, 60_000);
  afterAll(() => pair.close());

  const set = async (value: number): Promise<void> => {
    await waitUntil('Redis to take the write', async () => (await ask(door.port, `SET k ${value}`)).startsWith('+OK'));
  };
  const get = async (): Promise<string> => (await ask(door.port, 'GET k')).split('\r\n')[1] ?? '';

  it('knows everything after kill -9', async () => {
    await set(1);
    await pair.crash(0);
    await pair.whole();
    expect(await get()).toBe('1');
  });

  it('knows only what it knew when its file was copied', async () => {
    await set(2);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const restore = pair.remember();
    await set(3);
    await restore(0);
    await pair.whole();
    expect(await get()).toBe('2');
  });

  it('knows after a fail-over only what the replica had heard, and has a replica again', async () => {
    await set(4);
    await pair.level();
    const failed = pair.failOverToLagging(800, 0);
    await set(5);
    await failed;
    await pair.whole();
    expect(await get()).toBe('4');
    await set(6);
    expect(await ask(door.port, 'WAIT 1 2000')).toBe(':1\r\n');
  });
});
