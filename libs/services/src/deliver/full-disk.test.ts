import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import { deliverStage, deliveryTopic, hours, keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { OutcomeRecord, ReceiptRecord } from '@tocsin/core';
import { embedded } from '@tocsin/embedded';
import type { Embedded } from '@tocsin/embedded';
import { runStage } from '@tocsin/engine';
import { smallDisk, waitUntil } from '@tocsin/testing';
import { deliveryCompanion } from './executor.ts';
import { executorClock } from './executor-clock.ts';
import type { ExecutorClock } from './executor-clock.ts';
import { sha256 } from './test/partition-world.ts';
import { contact, delivery, HandChannel, World } from './test/world.ts';

/* Both halves in the real engine, on a file system that is really full while the provider answers. */

const size = 16 * 1024 * 1024;
const input = deliveryTopic('sms', 'urgent');
const partitions = { [input]: 2, [topicNames.customerEvents]: 1, [topicNames.ledger]: 1, [topicNames.deadLetters]: 1 };
const clean: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

const all = async <T>(store: Embedded, topic: string, partition = 0): Promise<readonly T[]> => {
  const records = await store.log.read(topic, partition, 0, 10_000);
  return records.map(({ value }) => JSON.parse(new TextDecoder().decode(value)) as T);
};

it('what the provider said while the disk was full is recorded when there is space, long after the deadline, and told once', async () => {
  const disk = smallDisk(size);
  clean.push(() => disk.remove());
  const store = await embedded({ folder: join(disk.folder, 'store') });
  clean.push(() => store.close());
  await store.log.createTopics(
    [...Object.entries(partitions), ['rubbish', 1] as const].map(([name, count]) => ({
      name,
      partitions: count,
      cleanup: 'delete' as const,
    })),
  );
  const channel = new HandChannel();
  channel.answer = undefined;
  const attemptDeadlineMs = 1_000;
  const base = new World().options({ attemptDeadlineMs });
  // The log knows a short deadline, so that it is soon past; the call itself is never cut off, however busy the machine is.
  const clock: ExecutorClock = {
    ...executorClock,
    after: (span, call) => executorClock.after(span === attemptDeadlineMs ? 60_000 : span, call),
  };
  const replays: string[] = [];
  const logger = { info: () => {}, warn: (message: string) => void replays.push(message), error: () => {} };
  const running = await runStage({
    stage: deliverStage({ channel: 'sms', lane: 'urgent', digest: sha256 }),
    log: store.log,
    state: store.state,
    partitions,
    deadLettersTopic: topicNames.deadLetters,
    logger,
    companion: () =>
      deliveryCompanion({
        ...base,
        clock,
        barriers: store.barriers,
        buckets: store.buckets,
        flush: () => store.sync(),
        channel: { ...base.channel, open: channel },
      }),
  });
  clean.push(() => running.stop());
  const customers = Array.from({ length: 12 }, (_, i) => `cus-${i}`);
  const fresh = { expiresAt: Date.now() + hours(1) };
  await store.log.append(
    customers.flatMap((customerId) => {
      const key = keyOf('bank', customerId);
      const records = [contact({ customerId }), delivery(`d-${customerId}`, { ...fresh, customerId })];
      return records.map((value) => ({
        topic: input,
        partition: partitionOf(key, 2),
        key,
        value: JSON.stringify(value),
      }));
    }),
  );
  await waitUntil('all of them to be under way', () => channel.sent.length === 12);

  // Down to the last free page of the store.
  disk.fill(size);
  for (const bytes of [100_000, 10_000, 1_000]) {
    const rubbish = { topic: 'rubbish', partition: 0, key: null, value: 'x'.repeat(bytes) };
    await waitUntil(
      'the disk to be full',
      () =>
        store.log.append([rubbish]).then(
          () => false,
          () => true,
        ),
      {
        everyMs: 0,
      },
    );
  }
  channel.sent.forEach((sent, i) => sent.answer({ kind: 'accepted', ref: `r${i}` }));
  channel.answer = (n) => ({ kind: 'accepted', ref: `again ${n}` });
  await waitUntil('a partition to be thrown away', () => replays.length > 0);
  // Past the deadline of the call and all that the fold grants.
  await sleep(4_000);
  disk.free();

  await waitUntil('all to be told', async () => (await all(store, topicNames.customerEvents)).length >= 12);
  await sleep(1_500);
  expect(channel.sent).toHaveLength(12);
  const receipts = await all<ReceiptRecord>(store, topicNames.customerEvents);
  expect(receipts.map(({ state }) => state)).toEqual(customers.map(() => 'accepted'));
  const outcomes = (await Promise.all([0, 1].map((partition) => all<OutcomeRecord>(store, input, partition)))).flat();
  expect(outcomes.filter(({ type }) => type === 'outcome').map(({ outcome }) => outcome.kind)).toEqual(
    customers.map(() => 'accepted'),
  );
}, 60_000);
