import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deliverStage, deliveryTopic, hours, keyOf, partitionOf, topicNames, verifyChain } from '@tocsin/core';
import type { DeliverRecord, LedgerRow, ReceiptRecord } from '@tocsin/core';
import { embedded } from '@tocsin/embedded';
import type { Embedded } from '@tocsin/embedded';
import { runStage } from '@tocsin/engine';
import { Breaker } from './breaker.ts';
import { deliveryCompanion } from './executor.ts';
import { executorClock } from './executor-clock.ts';
import { sha256 } from './test/partition-world.ts';
import { contact, delivery, HandChannel, World } from './test/world.ts';

/* Both halves in the real engine, on a log and a store on the disk. */

const input = deliveryTopic('sms', 'urgent');
const partitions = { [input]: 2, [topicNames.customerEvents]: 1, [topicNames.ledger]: 1, [topicNames.deadLetters]: 1 };

describe('deliver in the engine', () => {
  let folder: string;
  let store: Embedded;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-deliver-'));
    store = await embedded({ folder });
    await store.log.createTopics(
      Object.entries(partitions).map(([name, count]) => ({ name, partitions: count, cleanup: 'delete' as const })),
    );
  });

  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const put = async (...records: readonly DeliverRecord[]): Promise<void> => {
    await store.log.append(
      records.map((value) => {
        const key = keyOf(value.tenantId, 'customerId' in value ? value.customerId : '');
        return { topic: input, partition: partitionOf(key, 2), key, value: JSON.stringify(value) };
      }),
    );
  };

  const all = async <T>(topic: string): Promise<readonly T[]> => {
    const records = await store.log.read(topic, 0, 0, 10_000);
    return records.map(({ value }) => JSON.parse(new TextDecoder().decode(value)) as T);
  };

  const run = (channel: HandChannel) => {
    const base = new World().options();
    return runStage({
      stage: deliverStage({ channel: 'sms', lane: 'urgent', digest: sha256 }),
      log: store.log,
      state: store.state,
      partitions,
      deadLettersTopic: topicNames.deadLetters,
      companion: () =>
        deliveryCompanion({
          ...base,
          clock: executorClock,
          barriers: store.barriers,
          buckets: store.buckets,
          flush: () => store.sync(),
          channel: { ...base.channel, open: channel },
        }),
    });
  };

  const until = async (done: () => Promise<boolean>): Promise<void> => {
    const end = Date.now() + 20_000;
    while (!(await done())) {
      if (Date.now() > end) throw new Error('It did not come to an end.');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('sends each delivery once, over a restart in the middle', async () => {
    const channel = new HandChannel();
    const customers = Array.from({ length: 40 }, (_, i) => `cus-${i}`);
    const fresh = { expiresAt: Date.now() + hours(1) };
    await put(
      ...customers.map((customerId) => contact({ customerId })),
      ...customers.map((customerId) => delivery(`d-${customerId}`, { ...fresh, customerId })),
    );
    // Half of the calls are under way when it is told to stop.
    channel.answer = undefined;
    const first = await run(channel);
    await until(() => Promise.resolve(channel.sent.length === 40));
    await put(...customers.map((customerId) => delivery(`e-${customerId}`, { ...fresh, customerId })));
    const stopping = first.stop();
    channel.sent.forEach((sent, i) => sent.answer({ kind: 'accepted', ref: `r${i}` }));
    await stopping;

    channel.answer = (n) => ({ kind: 'accepted', ref: `r${n}` });
    const second = await run(channel);
    await until(async () => (await all(topicNames.customerEvents)).length >= 80);
    await second.stop();

    expect(channel.sent).toHaveLength(80);
    expect(new Set(channel.sent.map(({ context }) => context.key)).size).toBe(80);
    const receipts = await all<ReceiptRecord>(topicNames.customerEvents);
    expect(receipts.map(({ state }) => state)).toEqual(Array.from({ length: 80 }, () => 'accepted'));
    const ledger = await all<LedgerRow>(topicNames.ledger);
    expect(verifyChain(ledger, sha256)).toMatchObject({ intact: true });
    expect(ledger.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(80);
  });

  it('reads on through what it held back', async () => {
    const channel = new HandChannel();
    const base = new World();
    const breaker = new Breaker({ pauseMs: 400, urgentProbeAfterMs: 50 });
    breaker.record({ kind: 'retry', code: 'auth', scope: 'channel' }, executorClock.monotonic());
    const customers = Array.from({ length: 30 }, (_, i) => `cus-${i}`);
    const fresh = { expiresAt: Date.now() + hours(1) };
    const held = await runStage({
      stage: deliverStage({ channel: 'sms', lane: 'urgent', digest: sha256 }),
      log: store.log,
      state: store.state,
      partitions,
      companion: () => {
        const options = base.options({ maxWaiting: 5 }, { breaker });
        return deliveryCompanion({ ...options, clock: executorClock, channel: { ...options.channel, open: channel } });
      },
    });
    for (const customerId of customers)
      await put(contact({ customerId }), delivery(`d-${customerId}`, { ...fresh, customerId }));
    await until(async () => (await all(topicNames.customerEvents)).length >= 30);
    await held.stop();
    expect(new Set(channel.addresses).size).toBe(30);
    expect(channel.sent).toHaveLength(30);
  });
});
