import assert from 'node:assert/strict';
import { aWhile, freshName, freshTopic, until } from './log-harness.ts';
import type { LogCase } from './log-harness.ts';
import { numbered, ranged } from './reading.ts';
import { RecordingReader } from './recording-reader.ts';

const partitions = [0, 1, 2, 3] as const;

export const logGroupCases: readonly LogCase[] = [
  {
    name: 'shares the partitions among the members, delivers nothing of a lost one, and starts a regained one where told',
    needs: 'members',
    async run(harness) {
      const topic = await freshTopic(harness, partitions.length);
      const group = freshName('group');
      const options = { topic, group, sessionTimeoutMs: harness.shortSessionMs };
      const append = (value: string) =>
        harness.log.append(partitions.map((partition) => ({ topic, partition, key: null, value })));
      await append('before');

      const positions = new Map<number, number>();
      const first = new RecordingReader({ startAt: (partition) => positions.get(partition) ?? 0 });
      await RecordingReader.open(harness.log, options, first);
      const other = await harness.another();
      try {
        await until('one member reads all', () => first.records.length === 4);

        const second = new RecordingReader({ startAt: () => 1 });
        await RecordingReader.open(other, options, second);
        await until('both own some', () => first.owned.size === 2 && second.owned.size === 2);
        assert.deepEqual([...first.owned, ...second.owned].sort(), [...partitions]);
        assert.deepEqual([...first.lost].sort(), [...second.owned].sort());
        const subscription = await first.subscription();
        for (const partition of partitions) {
          assert.equal(subscription.assigns(partition), first.owned.has(partition), `assigns(${partition})`);
        }

        // What stays is read on by itself; what went is read by the other one, and only by it.
        await append('shared');
        await until('each is read', () => first.records.length + second.records.length === 8);
        await aWhile();
        for (const partition of partitions) {
          assert.deepEqual(first.values(partition), first.owned.has(partition) ? ['before', 'shared'] : ['before']);
          assert.deepEqual(second.values(partition), second.owned.has(partition) ? ['shared'] : []);
        }

        // The one that returns starts where the reader says: at 1 again, although it was never at 2.
        for (const partition of second.owned) positions.set(partition, 1);
        const returning = [...second.owned];
        await second.close();
        await until('one member owns all again', () => first.owned.size === 4);
        await append('after');
        await until('the returned ones are read', () =>
          returning.every((partition) => first.values(partition).length === 3),
        );
        await until('the kept ones are read', () => first.records.length === 12);
        for (const partition of partitions) {
          assert.deepEqual(first.values(partition), ['before', 'shared', 'after']);
        }
        assert.deepEqual([first.violations, second.violations], [[], []]);
      } finally {
        await first.close();
        await other.close();
      }
    },
  },
  {
    name: 'delivers nothing more of a partition that was lost in the midst of a delivery, until it is regained and sought',
    needs: 'members',
    async run(harness) {
      const topic = await freshTopic(harness, 2);
      const group = freshName('group');
      const options = { topic, group, sessionTimeoutMs: harness.shortSessionMs };
      const gate = Promise.withResolvers<void>();
      let waiting = true;
      const first: RecordingReader = new RecordingReader({
        startAt: (partition): number => (first.lost.includes(partition) ? 7 : 0),
        handle: () => (waiting ? gate.promise : Promise.resolve()),
      });
      const second = new RecordingReader({ startAt: () => 10 });
      await harness.log.append([...numbered(topic, 0, 0, 10), ...numbered(topic, 1, 0, 10)]);
      await RecordingReader.open(harness.log, options, first);
      const other = await harness.another();
      try {
        await until('a delivery is running', () => first.records.length > 0);
        const joining = RecordingReader.open(other, options, second);
        await aWhile();
        await harness.log.append([...numbered(topic, 0, 10, 3), ...numbered(topic, 1, 10, 3)]);
        waiting = false;
        gate.resolve();
        await joining;
        await until('both own one', () => first.owned.size === 1 && second.owned.size === 1);
        const [lost] = [...second.owned] as [number];
        await until('the other one reads on', () => second.offsets(lost).length === 3);
        const before = first.offsets(lost).length;
        await harness.log.append(numbered(topic, lost, 13, 2));
        await until('the other one goes on', () => second.offsets(lost).length === 5);
        assert.equal(first.offsets(lost).length, before, 'What was lost was delivered all the same.');
        assert.deepEqual(second.offsets(lost), ranged(10, 15));

        await second.close();
        await until('it is regained', () => first.owned.size === 2);
        await until('it is read from where it was sought', () => first.offsets(lost).at(-1) === 14);
        assert.deepEqual(first.offsets(lost).slice(before), ranged(7, 15));
        assert.deepEqual(first.offsets(1 - lost), ranged(0, 13));
        assert.deepEqual([first.violations, second.violations], [[], []]);
      } finally {
        gate.resolve();
        await first.close();
        await other.close();
      }
    },
  },
];
