import assert from 'node:assert/strict';
import { aWhile, freshName, freshTopic, text } from './log-harness.ts';
import type { LogCase, LogHarness } from './log-harness.ts';

const code = (expected: string) => (error: unknown) => (error as { readonly code?: unknown }).code === expected;

const filled = async (harness: LogHarness, count: number): Promise<string> => {
  const topic = await freshTopic(harness);
  await harness.log.append(
    Array.from({ length: count }, (_, i) => ({ topic, partition: 0, key: `k${i}`, value: String(i) })),
  );
  return topic;
};

export const logReadCases: readonly LogCase[] = [
  {
    name: 'reads from the offset on, never before it, and no more than asked for',
    async run(harness) {
      const topic = await filled(harness, 20);
      const read = await harness.log.read(topic, 0, 7, 5);
      assert.deepEqual(
        read.map(({ offset }) => offset),
        [7, 8, 9, 10, 11],
      );
      assert.deepEqual(
        read.map(({ value }) => text(value)),
        ['7', '8', '9', '10', '11'],
      );
      assert.deepEqual(
        read.map(({ topic: of, partition }) => [of, partition]),
        read.map(() => [topic, 0]),
      );
      assert.equal((await harness.log.read(topic, 0, 0, 100)).length, 20);
      assert.deepEqual(await harness.log.read(topic, 0, 20, 5), []);
    },
  },
  {
    name: 'tells "before the start", "beyond the end" and "no such topic" apart',
    async run(harness) {
      const topic = await filled(harness, 10);
      await harness.trim(topic, 0, 4);
      await assert.rejects(harness.log.read(topic, 0, 3, 1), code('BEFORE_START'));
      await assert.rejects(harness.log.read(topic, 0, 11, 1), code('BEYOND_END'));
      await assert.rejects(harness.log.read(freshName('no-such'), 0, 0, 1), code('UNKNOWN_TOPIC'));
      assert.equal((await harness.log.read(topic, 0, 4, 1))[0]!.offset, 4);
    },
  },
  {
    name: 'knows its bounds',
    async run(harness) {
      const topic = await freshTopic(harness);
      assert.deepEqual(await harness.log.bounds(topic, 0), { start: 0, end: 0 });
      await harness.log.append([0, 1, 2].map((i) => ({ topic, partition: 0, key: null, value: String(i) })));
      assert.deepEqual(await harness.log.bounds(topic, 0), { start: 0, end: 3 });
      await harness.trim(topic, 0, 2);
      assert.deepEqual(await harness.log.bounds(topic, 0), { start: 2, end: 3 });
      await assert.rejects(harness.log.bounds(freshName('no-such'), 0), code('UNKNOWN_TOPIC'));
    },
  },
  {
    name: 'gives each record the time at which it was appended, the same on every reading',
    async run(harness) {
      const topic = await freshTopic(harness);
      const before = Date.now();
      await harness.log.append([{ topic, partition: 0, key: null, value: 'a' }]);
      await aWhile(30);
      await harness.log.append([{ topic, partition: 0, key: null, value: 'b' }]);
      const after = Date.now();
      const [a, b] = await harness.log.read(topic, 0, 0, 2);
      // The log's clock may be another one; on one machine the two agree within a second.
      assert.ok(a!.timestamp >= before - 1_000 && b!.timestamp <= after + 1_000, 'The time is not that of the append.');
      assert.ok(b!.timestamp > a!.timestamp, 'A later append has no later time.');
      const other = await harness.another();
      try {
        const again = await other.read(topic, 0, 0, 2);
        assert.deepEqual(
          again.map(({ timestamp }) => timestamp),
          [a!.timestamp, b!.timestamp],
        );
      } finally {
        await other.close();
      }
    },
  },
  {
    name: 'finds the first offset at or after a time',
    async run(harness) {
      const topic = await freshTopic(harness);
      const { log } = harness;
      assert.equal(await log.offsetAt(topic, 0, 0), 0);
      for (const value of ['a', 'b', 'c']) {
        await log.append([{ topic, partition: 0, key: null, value }]);
        await aWhile(30);
      }
      const [a, b, c] = await log.read(topic, 0, 0, 3);
      assert.equal(await log.offsetAt(topic, 0, 0), 0);
      assert.equal(await log.offsetAt(topic, 0, a!.timestamp), 0);
      assert.equal(await log.offsetAt(topic, 0, a!.timestamp + 1), 1);
      assert.equal(await log.offsetAt(topic, 0, b!.timestamp), 1);
      assert.equal(await log.offsetAt(topic, 0, c!.timestamp + 1), 3);
    },
  },
  {
    name: 'creates the topics that are missing, and says which',
    async run(harness) {
      const { log } = harness;
      const [first, second] = [freshName('suite'), freshName('suite')];
      const spec = (name: string, partitions: number) => ({
        name,
        partitions,
        cleanup: 'delete' as const,
        retentionMs: 60_000,
      });
      assert.deepEqual(await log.createTopics([spec(first, 3)]), [first]);
      assert.deepEqual(await log.createTopics([spec(first, 3), spec(second, 1)]), [second]);
      // Another number is no order to change the topic; who cares compares the facts.
      assert.deepEqual(await log.createTopics([spec(first, 5), spec(second, 1)]), []);
      assert.equal((await log.facts(first))?.partitions, 3);
      assert.equal((await log.facts(second))?.partitions, 1);
      assert.equal(await log.facts(freshName('no-such')), undefined);
      assert.deepEqual(
        await log
          .createTopics([{ name: freshName('kept'), partitions: 1, cleanup: 'compact' }])
          .then((names) => names.length),
        1,
      );
    },
  },
  {
    name: 'shows another identity once a topic was deleted and created again',
    needs: 'identity',
    async run(harness) {
      const { log } = harness;
      const topic = await filled(harness, 3);
      const identity = (await log.facts(topic))?.identity;
      assert.notEqual(identity, undefined);
      assert.equal((await log.facts(topic))?.identity, identity);
      await harness.deleteTopic(topic);
      assert.equal(await log.facts(topic), undefined);
      await log.createTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
      const again = (await log.facts(topic))?.identity;
      assert.notEqual(again, undefined);
      assert.notEqual(again, identity);
      assert.deepEqual(await log.bounds(topic, 0), { start: 0, end: 0 });
    },
  },
  {
    name: 'answers a ping, and none once closed',
    async run(harness) {
      const other = await harness.another();
      await other.ping();
      await other.close();
      await assert.rejects(other.ping(), code('CLOSED'));
    },
  },
];
