import assert from 'node:assert/strict';
import type { Appending } from '@tocsin/core';
import { aWhile, freshName, freshTopic, until } from './log-harness.ts';
import type { LogCase, LogHarness } from './log-harness.ts';
import { RecordingReader } from './recording-reader.ts';

const numbered = (topic: string, partition: number, from: number, count: number): readonly Appending[] =>
  Array.from({ length: count }, (_, i) => ({ topic, partition, key: null, value: String(from + i) }));

const ranged = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i);

const code = (expected: string) => (error: unknown) => (error as { readonly code?: unknown }).code === expected;

const options = (harness: LogHarness, topic: string, group = freshName('group')) => ({
  topic,
  group,
  sessionTimeoutMs: harness.shortSessionMs,
});

/** Runs a case with a reader, closes it, and holds the reader's own observations against the log. */
async function reading(
  harness: LogHarness,
  topic: string,
  reader: RecordingReader,
  use: (reader: RecordingReader) => Promise<void>,
  extra: { readonly maxBytesPerPartition?: number } = {},
): Promise<void> {
  await RecordingReader.open(harness.log, { ...options(harness, topic), ...extra }, reader);
  try {
    await use(reader);
  } finally {
    await reader.close();
  }
  assert.deepEqual(reader.violations, []);
}

export const logSubscribeCases: readonly LogCase[] = [
  {
    name: 'refuses to subscribe to a topic that does not exist',
    async run(harness) {
      await assert.rejects(
        harness.log.subscribe(options(harness, freshName('no-such')), new RecordingReader()),
        code('UNKNOWN_TOPIC'),
      );
    },
  },
  {
    name: 'assigns every partition, and delivers nothing of one before it is sought',
    async run(harness) {
      const topic = await freshTopic(harness, 3);
      await harness.log.append([0, 1, 2].flatMap((partition) => numbered(topic, partition, 0, 5)));
      const reader = new RecordingReader({ startAt: (partition) => (partition === 1 ? 2 : undefined) });
      await reading(harness, topic, reader, async () => {
        await until('the sought partition is read', () => reader.offsets(1).length === 3);
        await aWhile();
        assert.deepEqual([...reader.owned].sort(), [0, 1, 2]);
        assert.deepEqual(reader.offsets(1), [2, 3, 4]);
        assert.deepEqual([...reader.offsets(0), ...reader.offsets(2)], []);
        const subscription = await reader.subscription();
        assert.deepEqual(
          [0, 1, 2, 3].map((partition) => subscription.assigns(partition)),
          [true, true, true, false],
        );
        await reader.seek(0, 5);
        await harness.log.append(numbered(topic, 0, 5, 2));
        await until('the next partition is read from its end on', () => reader.offsets(0).length === 2);
        assert.deepEqual(reader.offsets(0), [5, 6]);
      });
    },
  },
  {
    name: 'delivers in order and without a gap while records keep coming',
    async run(harness) {
      const topic = await freshTopic(harness, 2);
      const reader = new RecordingReader({ handle: () => aWhile(5) });
      await reading(harness, topic, reader, async () => {
        for (const batch of ranged(0, 20)) {
          await harness.log.append([0, 1].flatMap((partition) => numbered(topic, partition, batch * 10, 10)));
        }
        await until('all is read', () => reader.records.length >= 400);
        for (const partition of [0, 1]) {
          assert.deepEqual(reader.offsets(partition), ranged(0, 200));
          assert.deepEqual(reader.values(partition), ranged(0, 200).map(String));
        }
      });
    },
  },
  {
    name: 'goes where it is told, back and forth, and drops what was in flight',
    async run(harness) {
      const topic = await freshTopic(harness);
      await harness.log.append(numbered(topic, 0, 0, 100));
      const sought = { back: false };
      const reader: RecordingReader = new RecordingReader({
        startAt: () => 90,
        async handle() {
          if (sought.back) return;
          sought.back = true;
          // In the midst of a delivery, as when a batch failed and is to be read again.
          await reader.seek(0, 50);
        },
      });
      await reading(harness, topic, reader, async () => {
        await until(
          'the last record was read twice',
          () => reader.offsets(0).filter((offset) => offset === 99).length === 2,
        );
        assert.deepEqual(reader.offsets(0), [...ranged(90, 100), ...ranged(50, 100)]);
        await reader.seek(0, 98);
        await until('it was read a third time', () => reader.offsets(0).length === 62);
        assert.deepEqual(reader.offsets(0).slice(60), [98, 99]);
      });
    },
  },
  {
    name: 'pauses a partition until it is sought again',
    async run(harness) {
      const topic = await freshTopic(harness, 2);
      await harness.log.append([...numbered(topic, 0, 0, 3), ...numbered(topic, 1, 0, 3)]);
      const reader = new RecordingReader();
      await reading(harness, topic, reader, async () => {
        await until('both are read', () => reader.records.length === 6);
        (await reader.subscription()).pause(0);
        await harness.log.append([...numbered(topic, 0, 3, 2), ...numbered(topic, 1, 3, 2)]);
        await until('the other goes on', () => reader.offsets(1).length === 5);
        await aWhile();
        assert.equal(reader.offsets(0).length, 3);
        await reader.seek(0, 3);
        await until('it goes on', () => reader.offsets(0).length === 5);
        assert.deepEqual(reader.offsets(0), ranged(0, 5));
      });
    },
  },
  {
    name: 'reports a position beyond the end or before the start, and never resets it',
    async run(harness) {
      const topic = await freshTopic(harness, 2);
      await harness.log.append([...numbered(topic, 0, 0, 10), ...numbered(topic, 1, 0, 10)]);
      await harness.trim(topic, 1, 5);
      const reader = new RecordingReader({ startAt: (partition) => (partition === 0 ? 11 : 4) });
      await reading(harness, topic, reader, async () => {
        await until('both are reported', () => reader.failures.length === 2);
        await harness.log.append([...numbered(topic, 0, 10, 5), ...numbered(topic, 1, 10, 5)]);
        await aWhile();
        assert.deepEqual(
          reader.failures.toSorted((a, b) => a.partition - b.partition),
          [
            { partition: 0, code: 'BEYOND_END' },
            { partition: 1, code: 'BEFORE_START' },
          ],
        );
        assert.deepEqual(reader.records, []);
        await reader.seek(0, 12);
        await reader.seek(1, 13);
        await until('both go on where they are told', () => reader.records.length === 5);
        assert.deepEqual([reader.offsets(0), reader.offsets(1)], [ranged(12, 15), ranged(13, 15)]);
      });
    },
  },
  {
    name: 'reports that retention was quicker than the reader, and does not go on behind the gap',
    async run(harness) {
      const topic = await freshTopic(harness);
      const body = 'z'.repeat(10_000);
      const append = async (from: number, to: number): Promise<void> => {
        for (const i of ranged(from, to)) {
          await harness.log.append([{ topic, partition: 0, key: null, value: `${i} ${body}` }]);
        }
      };
      await append(0, 30);
      const gate = Promise.withResolvers<void>();
      const reader = new RecordingReader({ handle: () => gate.promise });
      await reading(
        harness,
        topic,
        reader,
        async () => {
          await until('the first delivery is running', () => reader.records.length > 0);
          const { length } = reader.records;
          assert.ok(length < 20, 'More was delivered than agreed.');
          await harness.trim(topic, 0, 25);
          gate.resolve();
          await until('the gap is reported', () => reader.failures.length > 0);
          await append(30, 32);
          await aWhile();
          assert.deepEqual(reader.failures, [{ partition: 0, code: 'BEFORE_START' }]);
          assert.equal(reader.records.length, length);
        },
        { maxBytesPerPartition: 50_000 },
      );
    },
  },
  {
    name: 'reports a topic that was deleted and created again under it, and delivers nothing of the new one',
    needs: 'identity',
    async run(harness) {
      const topic = await freshTopic(harness);
      await harness.log.append(numbered(topic, 0, 0, 10));
      const reader = new RecordingReader();
      await reading(harness, topic, reader, async () => {
        await until('it is read', () => reader.records.length === 10);
        await harness.deleteTopic(topic);
        await harness.log.createTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
        await until('the new topic takes records', () =>
          harness.log.append(numbered(topic, 0, 1_000, 3)).then(
            () => true,
            () => false,
          ),
        );
        if (reader.owned.has(0)) void reader.seek(0, 10);
        await until('it is reported', () => reader.failures.some(({ code: is }) => is === 'RECREATED'));
        await aWhile();
        assert.ok(
          !reader.values(0).includes('1000'),
          'A record of the new topic was delivered as if nothing had happened.',
        );
      });
    },
  },
  {
    name: 'shows the group’s committed offsets to everyone',
    async run(harness) {
      const topic = await freshTopic(harness, 2);
      const group = freshName('group');
      await harness.log.append(numbered(topic, 1, 0, 10));
      assert.equal((await harness.log.committed(group, topic)).size, 0);
      const reader = await RecordingReader.open(harness.log, options(harness, topic, group));
      const other = await harness.another();
      try {
        await until('it is read', () => reader.records.length === 10);
        const subscription = await reader.subscription();
        await subscription.commit(1, 4);
        assert.deepEqual([...(await other.committed(group, topic))], [[1, 4]]);
        await subscription.commit(1, 10);
        await subscription.commit(0, 0);
        assert.deepEqual([...(await other.committed(group, topic))].sort(), [
          [0, 0],
          [1, 10],
        ]);
      } finally {
        await other.close();
        await reader.close();
      }
      assert.equal((await harness.log.committed(group, topic)).get(1), 10);
    },
  },
  {
    name: 'starts where it is told, not where the group has committed',
    async run(harness) {
      const topic = await freshTopic(harness);
      const group = freshName('group');
      await harness.log.append(numbered(topic, 0, 0, 10));
      const first = await RecordingReader.open(harness.log, options(harness, topic, group));
      await until('it is read', () => first.records.length === 10);
      await (await first.subscription()).commit(0, 10);
      await first.close();
      const second = new RecordingReader({ startAt: () => 3 });
      await RecordingReader.open(harness.log, options(harness, topic, group), second);
      try {
        await until('it is read again', () => second.records.length === 7);
        assert.deepEqual(second.offsets(0), ranged(3, 10));
      } finally {
        await second.close();
      }
    },
  },
  {
    name: 'gives every group all records',
    async run(harness) {
      const topic = await freshTopic(harness);
      await harness.log.append(numbered(topic, 0, 0, 5));
      const readers = await Promise.all([1, 2].map(() => RecordingReader.open(harness.log, options(harness, topic))));
      try {
        await until('both have read', () => readers.every(({ records }) => records.length === 5));
      } finally {
        await Promise.all(readers.map((reader) => reader.close()));
      }
    },
  },
  {
    name: 'waits for a slow reader: keeps its membership, hands it no more than agreed, one delivery at a time',
    async run(harness) {
      const topic = await freshTopic(harness);
      const body = 'y'.repeat(10_000);
      // A log may hand over what was appended together as one piece: so they are small pieces.
      for (const from of ranged(0, 20)) {
        await harness.log.append(
          ranged(3 * from, 3 * from + 3).map((i) => ({ topic, partition: 0, key: null, value: `${i} ${body}` })),
        );
      }
      const slow = { calls: 0 };
      const reader = new RecordingReader({
        async handle() {
          slow.calls += 1;
          if (slow.calls === 1) await aWhile(harness.shortSessionMs * 2.5);
        },
      });
      await reading(
        harness,
        topic,
        reader,
        async () => {
          await until('all is read', () => reader.records.length >= 60, 60_000);
          assert.deepEqual(reader.offsets(0), ranged(0, 60));
          assert.deepEqual([reader.lost, reader.assignments], [[], 1]);
          assert.ok((await reader.subscription()).assigns(0));
          assert.ok(slow.calls > 2, 'All came in one delivery.');
          assert.ok(reader.largestDelivery <= 200_000, `A delivery had ${reader.largestDelivery} bytes.`);
        },
        { maxBytesPerPartition: 100_000 },
      );
    },
  },
  {
    name: 'waits for the running delivery when it is closed, and then is silent',
    async run(harness) {
      const topic = await freshTopic(harness);
      await harness.log.append(numbered(topic, 0, 0, 3));
      const state = { inside: false, finished: false };
      const reader = new RecordingReader({
        async handle() {
          state.inside = true;
          await aWhile(300);
          state.finished = true;
        },
      });
      await RecordingReader.open(harness.log, options(harness, topic), reader);
      await until('a delivery is running', () => state.inside);
      await reader.close();
      assert.ok(state.finished, 'Closed in the midst of a delivery.');
      const { length } = reader.records;
      await harness.log.append(numbered(topic, 0, 3, 3));
      await aWhile();
      assert.equal(reader.records.length, length);
      assert.ok(!(await reader.subscription()).assigns(0));
    },
  },
];
