import { afterEach, describe, expect, it } from '@jest/globals';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
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
});

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
