import assert from 'node:assert/strict';
import { aWhile, freshName, freshTopic, until } from './log-harness.ts';
import type { LogCase } from './log-harness.ts';
import { numbered, options, ranged, reading } from './reading.ts';
import { RecordingReader } from './recording-reader.ts';

const code = (expected: string) => (error: unknown) => (error as { readonly code?: unknown }).code === expected;

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
