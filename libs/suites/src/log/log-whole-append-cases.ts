import assert from 'node:assert/strict';
import type { Appending } from '@tocsin/core';
import { freshName, freshTopic, text } from './log-harness.ts';
import type { LogCase } from './log-harness.ts';
import { ranged } from './reading.ts';

const record = (topic: string, partition: number, value: string | Uint8Array): Appending => ({
  topic,
  partition,
  key: 'k',
  value,
});

/** An append is acknowledged when all of it stands, and fails when any of it does not. */
export const logWholeAppendCases: readonly LogCase[] = [
  {
    name: 'acknowledges an append over several partitions and topics only when every one of them has it',
    async run(harness) {
      const topics = [await freshTopic(harness, 3), await freshTopic(harness, 2)] as const;
      const places = [...[0, 1, 2].map((p) => [topics[0], p] as const), ...[0, 1].map((p) => [topics[1], p] as const)];
      const other = await harness.another();
      try {
        for (const round of ranged(0, 5)) {
          const appended = await harness.log.append(places.map((place) => record(...place, `round ${round}`)));
          const standing = await Promise.all(
            appended.map(({ topic, partition, offset }) => other.read(topic, partition, offset, 1)),
          );
          assert.deepEqual(
            standing.map(([found]) => found && text(found.value)),
            places.map(() => `round ${round}`),
          );
        }
      } finally {
        await other.close();
      }
    },
  },
  {
    name: 'never calls a part of an append the whole: one record that cannot stand fails the call',
    async run(harness) {
      const topic = await freshTopic(harness, 2);
      const missing = freshName('no-such');
      const large = new Uint8Array(harness.tooLargeBytes);
      const wrong: readonly (readonly [string, readonly Appending[]])[] = [
        ['UNKNOWN_TOPIC', [record(topic, 0, 'a'), record(missing, 0, 'b'), record(topic, 1, 'c')]],
        ['UNKNOWN_TOPIC', [record(topic, 0, 'a'), record(topic, 1, 'b'), record(topic, 2, 'c')]],
        ['TOO_LARGE', [record(topic, 0, 'a'), record(topic, 1, large)]],
        ['TOO_LARGE', [record(topic, 1, large), record(topic, 0, 'a')]],
      ];
      for (const [code, records] of wrong) {
        const [result] = await Promise.allSettled([harness.log.append(records)]);
        assert.equal(result.status === 'rejected' && (result.reason as { code: string }).code, code);
      }
      const [{ offset } = { offset: -1 }] = await harness.log.append([record(topic, 1, 'after')]);
      assert.equal(text((await harness.log.read(topic, 1, offset, 1))[0]!.value), 'after');
    },
  },
  {
    name: 're-orders nothing that is called at once, be it large or small, over one partition or many',
    async run(harness) {
      const topic = await freshTopic(harness, 3);
      const order: number[] = [];
      const calls = ranged(0, 24).map((call) => {
        // Every fifth call is so large that it has to be cut; what is called behind it must not pass it.
        const [count, body] = call % 5 === 0 ? [30, 'l'.repeat(40_000)] : [1 + (call % 3), 's'];
        return ranged(0, count).map((i) => record(topic, (call + (call % 2) * i) % 3, `${call}.${i} ${body}`));
      });
      await Promise.all(
        calls.map(async (records, call) => {
          await harness.log.append(records);
          order.push(call);
        }),
      );
      assert.deepEqual(order, ranged(0, 24));
      for (const partition of [0, 1, 2]) {
        const name = (value: string | null): string => value!.split(' ')[0]!;
        const expected = calls.flat().filter((one) => one.partition === partition);
        const read: string[] = [];
        while (read.length < expected.length) {
          const some = await harness.log.read(topic, partition, read.length, 1_000);
          assert.ok(some.length > 0, 'Something is missing.');
          read.push(...some.map(({ value }) => name(text(value))));
        }
        assert.deepEqual(
          read,
          expected.map(({ value }) => name(value as string)),
        );
      }
    },
  },
];
