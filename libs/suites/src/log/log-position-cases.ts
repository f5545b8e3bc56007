import assert from 'node:assert/strict';
import { aWhile, freshName, freshTopic, until } from './log-harness.ts';
import type { LogCase } from './log-harness.ts';
import { numbered, options, ranged, reading } from './reading.ts';
import { RecordingReader } from './recording-reader.ts';

export const logPositionCases: readonly LogCase[] = [
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
          await reader.seek(0, 60);
          await aWhile(200);
        },
      });
      await reading(harness, topic, reader, async () => {
        await until(
          'the last record was read twice',
          () => reader.offsets(0).filter((offset) => offset === 99).length === 2,
        );
        assert.deepEqual(reader.offsets(0), [...ranged(90, 100), ...ranged(60, 100)]);
        await reader.seek(0, 98);
        await until('it was read a third time', () => reader.offsets(0).length === 52);
        assert.deepEqual(reader.offsets(0).slice(50), [98, 99]);
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
          try {
            await until('the first delivery is running', () => reader.records.length > 0);
            assert.ok(reader.records.length < 20, 'More was delivered than agreed.');
            await harness.trim(topic, 0, 25);
          } finally {
            gate.resolve();
          }
          await until('the gap is reported', () => reader.failures.length > 0);
          await append(30, 32);
          await aWhile();
          assert.deepEqual(reader.failures, [{ partition: 0, code: 'BEFORE_START' }]);
          // What was fetched before the records were removed may still be delivered: it is no gap.
          assert.deepEqual(reader.offsets(0), ranged(0, reader.records.length));
          assert.ok(reader.records.length < 25, 'It went on behind the gap.');
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
        // Whoever seeks again after that has been told, and means the topic that stands there now.
        await reader.seek(0, 0);
        await until('the new topic is read', () => reader.values(0).includes('1002'));
      });
    },
  },
  {
    name: 'notices between two reads that the topic is another one, though it holds more than was read',
    needs: 'readsByIdentity',
    async run(harness) {
      const topic = await freshTopic(harness);
      await harness.log.append(numbered(topic, 0, 0, 10));
      const reader = new RecordingReader();
      await reading(harness, topic, reader, async () => {
        await until('it is read', () => reader.records.length === 10);
        await harness.deleteTopic(topic);
        await harness.log.createTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
        await harness.log.append(numbered(topic, 0, 1_000, 30));
        // Nobody seeks: the next read alone shows it.
        await until('it is reported', () => reader.failures.length > 0);
        await aWhile();
        assert.equal(reader.records.length, 10);
        // Looked at between the two it is gone; then whoever seeks is told that there is another one.
        if (reader.failures[0]!.code === 'UNKNOWN_TOPIC') {
          await reader.seek(0, 10);
          await until('it is reported again', () => reader.failures.length === 2);
        }
        assert.equal(reader.failures.at(-1)!.code, 'RECREATED');
        assert.equal(reader.records.length, 10);
      });
    },
  },
  {
    name: 'tells its three errors apart: the position is gone, is not there yet, means another topic',
    needs: 'readsByIdentity',
    async run(harness) {
      const [trimmed, short, recreated] = [
        await freshTopic(harness),
        await freshTopic(harness),
        await freshTopic(harness),
      ];
      const codeAt = async (topic: string, offset: number, change: () => Promise<unknown>): Promise<string> => {
        const reader = new RecordingReader({ startAt: () => undefined });
        let code = '';
        await reading(harness, topic, reader, async () => {
          await until('it is assigned', () => reader.owned.size === 1);
          await change();
          await reader.seek(0, offset);
          await until('it is reported', () => reader.failures.length === 1);
          code = reader.failures[0]!.code;
          assert.deepEqual(reader.records, []);
        });
        return code;
      };
      for (const topic of [trimmed, short, recreated]) await harness.log.append(numbered(topic, 0, 0, 10));
      const codes = await Promise.all([
        codeAt(trimmed, 4, () => harness.trim(trimmed, 0, 5)),
        codeAt(short, 11, () => Promise.resolve()),
        codeAt(recreated, 4, async () => {
          await harness.deleteTopic(recreated);
          await harness.log.createTopics([{ name: recreated, partitions: 1, cleanup: 'delete' }]);
        }),
      ]);
      assert.deepEqual(codes, ['BEFORE_START', 'BEYOND_END', 'RECREATED']);
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
];
