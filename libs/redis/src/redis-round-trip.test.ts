import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { startRedis, waitUntil } from '@tocsin/testing';
import { redisStore } from './redis-store.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('barriers before a send', () => {
  it('are read in one round trip, however many are asked', async () => {
    const redis = await startRedis();
    cleanUps.push(() => redis.stop());
    const proxy = await holdingProxy(redis.port);
    const store = redisStore({
      installation: 'round-trip',
      redis: { host: '127.0.0.1', port: proxy.port },
      timeoutMs: 5_000,
    });
    cleanUps.push(() => store.close());
    const questions = Array.from({ length: 500 }, (_, i) => ({
      tenantId: `t${i % 3}`,
      customerId: `cus-${i}`,
      channel: 'sms',
      provider: 'twilio',
    }));
    await store.barriers.ask(questions);
    proxy.hold();
    const asking = store.barriers.ask(questions);
    // All that is asked must be on its way before the first answer arrives.
    const asked = await proxy.quiet();
    proxy.release();
    expect(await asking).toHaveLength(500);
    expect(asked).toBeGreaterThan(500 * 20);
    expect(proxy.sent()).toBe(asked);
  });

  it('are read together by all who ask in one turn, and the kill switches of a tenant once', async () => {
    const { store, calls } = await counted();
    await store.barriers.raise('t', 'cus-3', { offset: 7, channel: 'sms', verdict: 'deny' });
    const before = await calls('hmget');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        store.barriers.ask([{ tenantId: 't', customerId: `cus-${i}`, channel: 'sms', provider: 'twilio' }]),
      ),
    );
    expect((await calls('hmget')) - before).toBe(20 + 1);
    expect(answers.map(([answer]) => answer!.barrier?.offset)).toEqual(
      Array.from({ length: 20 }, (_, i) => (i === 3 ? 7 : undefined)),
    );
  });

  it('tell of what was raised before they were asked, however soon after another question', async () => {
    const { store } = await counted();
    const question = { tenantId: 't', customerId: 'cus-1', channel: 'sms', provider: 'twilio' };
    for (let offset = 1; offset <= 50; offset++) {
      const earlier = store.barriers.ask([question]);
      await store.barriers.raise('t', 'cus-1', { offset, channel: 'sms', verdict: 'deny' });
      const [answer] = await store.barriers.ask([question]);
      expect(answer!.barrier!.offset).toBe(offset);
      await earlier;
    }
  });
});

describe('what is sent in one turn', () => {
  it('leaves in one piece, and in another turn by itself', async () => {
    const redis = await startRedis();
    cleanUps.push(() => redis.stop());
    const store = redisStore({ installation: 'one-piece', redis: { host: '127.0.0.1', port: redis.port } });
    cleanUps.push(() => store.close());
    const slots = Array.from({ length: 16 }, (_, partition) => store.state.slot('detect', partition));
    const acquireAll = () => Promise.all(slots.map((slot) => slot.acquire({ leaseMs: 1_000, takeOver: true })));
    // The script is known from here on.
    await acquireAll();
    const writes = countWrites(redis.port);
    await acquireAll();
    expect(writes()).toBe(1);
    await slots[0]!.position();
    expect(writes()).toBe(2);
  });
});

/** How often from now on something is written to a connection to this port, at the client's own end: a reader may get one write in two parts. */
function countWrites(port: number): () => number {
  const spies = [jest.spyOn(Socket.prototype, '_write'), jest.spyOn(Socket.prototype, '_writev')];
  cleanUps.push(() => spies.forEach((spy) => spy.mockRestore()));
  return () =>
    spies.flatMap(({ mock }) => mock.contexts as Socket[]).filter(({ remotePort }) => remotePort === port).length;
}

describe('tokens', () => {
  it('are taken once for all who want of one bucket in one turn, and go to those who asked first', async () => {
    const { store, calls } = await counted();
    const limit = { perSecond: 0.001, burst: 10 };
    // The script is known from here on.
    expect((await store.buckets.take('other', 1, limit)).granted).toBe(1);
    const before = await calls('evalsha');
    const taken = await Promise.all([4, 4, 4, 1].map((want) => store.buckets.take('one', want, limit)));
    expect((await calls('evalsha')) - before).toBe(1);
    expect(taken.map(({ granted }) => granted)).toEqual([4, 4, 2, 0]);
    expect(taken[2]!.nextInMs).toBeGreaterThan(900_000);
  });
});

/** A store, and how often its Redis has been sent a command. */
async function counted() {
  const redis = await startRedis();
  cleanUps.push(() => redis.stop());
  const store = redisStore({ installation: 'counted', redis: { host: '127.0.0.1', port: redis.port } });
  cleanUps.push(() => store.close());
  const admin = new Redis({ host: '127.0.0.1', port: redis.port });
  cleanUps.push(() => admin.disconnect());
  const calls = async (command: string): Promise<number> =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await admin.info('commandstats'))?.[1] ?? 0);
  return { store, calls };
}

/** Stands between client and Redis; while it holds, no answer passes. */
async function holdingProxy(port: number) {
  let holding = false;
  let held: (() => void)[] = [];
  let sent = 0;
  const server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1' });
    client.on('data', (chunk) => {
      if (holding || held.length > 0) sent += chunk.length;
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (holding) held.push(() => client.write(chunk));
      else client.write(chunk);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  cleanUps.push(() => server.close());
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => {
      holding = true;
      sent = 0;
    },
    /** How much the client has sent, once nothing more has come for a while. */
    quiet: async (): Promise<number> => {
      let before = -1;
      await waitUntil('the client to fall silent', () => (sent > 0 && sent === before) || ((before = sent), false), {
        everyMs: 100,
      });
      return sent;
    },
    release: () => {
      const passing = held;
      held = [];
      for (const pass of passing) pass();
      // Still counting: a second round trip would show.
      holding = false;
      held = [() => undefined];
    },
    sent: () => sent,
  };
}
