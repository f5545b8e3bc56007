import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addressDigest, directoryKey, keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { Log, Subscriber } from '@tocsin/core';
import { waitUntil } from '@tocsin/testing';
import { metaSignature, startGatewayWorld } from './test/gateway-world.ts';
import type { GatewayWorld } from './test/gateway-world.ts';

const tenantId = 'alpha';

describe('a directory that stands still', () => {
  let world: GatewayWorld;
  let gate: Promise<void> = Promise.resolve();
  let aheadMs = 0;

  beforeAll(async () => {
    world = await startGatewayWorld({
      now: () => Date.now() + aheadMs,
      wrap: (platform) => {
        const held = (subscriber: Subscriber): Subscriber => ({
          assigned: (partitions) => subscriber.assigned(partitions),
          revoked: (partitions) => subscriber.revoked(partitions),
          failed: (partition, error) => subscriber.failed(partition, error),
          batch: async (batches) => {
            await gate;
            await subscriber.batch(batches);
          },
        });
        const log = new Proxy(platform.log, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name);
            if (typeof value !== 'function') return value;
            if (name !== 'subscribe') return value.bind(target) as unknown;
            const subscribe: Log['subscribe'] = (options, subscriber) => target.subscribe(options, held(subscriber));
            return subscribe;
          },
        });
        return { ...platform, log };
      },
    });
  });
  afterAll(() => world.close());

  const placeOf = (address: string) => {
    const digest = addressDigest(world.digest, tenantId, 'messenger', address);
    const key = keyOf(tenantId, `messenger:${digest}`);
    return { digest, key, partition: partitionOf(key, world.platform.partitions[topicNames.addresses] ?? 0) };
  };
  async function tie(address: string, customerId: string): Promise<void> {
    const { digest, key, partition } = placeOf(address);
    const value = { type: 'address', version: 1, tenantId, channel: 'messenger', addressDigest: digest, customerId };
    await world.platform.log.append([{ topic: topicNames.addresses, partition, key, value: JSON.stringify(value) }]);
  }
  const known = (address: string) =>
    waitUntil('the directory to know the address', async () => {
      const { digest, partition } = placeOf(address);
      const slot = world.platform.state.slot('directory', partition);
      const [entry] = await slot.peek([directoryKey(tenantId, 'messenger', digest)]);
      return entry !== null && entry !== undefined;
    });
  const stop = (mid: string, from: string) => {
    const message = {
      sender: { id: from },
      recipient: { id: '555' },
      timestamp: Date.now(),
      message: { mid, text: 'STOP' },
    };
    const body = JSON.stringify({ object: 'page', entry: [{ id: '555', time: Date.now(), messaging: [message] }] });
    return world.send('/webhooks/messenger', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': metaSignature(body) },
      body,
    });
  };
  const stoppedBy = async (mid: string) =>
    (await world.records(topicNames.customerEvents)).filter(({ id }) => id === `messenger:${mid}`);

  it('has a provider come again for an address that it may be about to learn, and takes no STOP for a stranger’s', async () => {
    await tie('7001', 'cus-1');
    await known('7001');
    const { partition } = placeOf('7001');
    const next = Array.from({ length: 100 }, (_, i) => `72${i}`).find((one) => placeOf(one).partition === partition)!;
    // Nobody's: nothing waits that could say otherwise.
    aheadMs = 60_000;
    expect((await stop('m-stranger', next)).status).toBe(200);

    let open: () => void = () => {};
    gate = new Promise((resolve) => (open = resolve));
    try {
      await tie(next, 'cus-2');
      expect((await stop('m-2', next)).status).toBe(503);
      expect(await stoppedBy('m-2')).toEqual([]);
      // Whom it knows is not kept waiting.
      expect((await stop('m-1', '7001')).status).toBe(200);
    } finally {
      open();
    }
    await known(next);
    expect((await stop('m-2', next)).status).toBe(200);
    expect(await stoppedBy('m-2')).toEqual([expect.objectContaining({ customerId: 'cus-2' })]);
  });
});
