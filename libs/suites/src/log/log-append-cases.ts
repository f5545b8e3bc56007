import assert from 'node:assert/strict';
import type { Appending } from '@tocsin/core';
import { freshName, freshTopic, text } from './log-harness.ts';
import type { LogCase } from './log-harness.ts';

const ranged = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

const one = (topic: string, partition: number, value: string | Uint8Array): Appending => ({
  topic,
  partition,
  key: 'k',
  value,
});

const code = (expected: string) => (error: unknown) => (error as { readonly code?: unknown }).code === expected;

export const logAppendCases: readonly LogCase[] = [
  {
    name: 'acknowledges appends in the order in which they were called',
    async run(harness) {
      const topic = await freshTopic(harness);
      const order: number[] = [];
      const offsets = await Promise.all(
        ranged(30).map(async (i) => {
          const [appended] = await harness.log.append([one(topic, 0, `call ${i}`)]);
          order.push(i);
          return appended!.offset;
        }),
      );
      assert.deepEqual(offsets, ranged(30));
      assert.deepEqual(order, ranged(30));
    },
  },
  {
    name: 'puts each record where it was told and says where it stands, in the order of the records',
    async run(harness) {
      const topic = await freshTopic(harness, 3);
      const records = ranged(30).map((i) => one(topic, [2, 0, 1, 1, 2][i % 5]!, `record ${i}`));
      const results = await harness.log.append(records);
      assert.equal(results.length, records.length);
      for (const [i, { partition, offset }] of results.entries()) {
        assert.equal(partition, records[i]!.partition);
        const [read] = await harness.log.read(topic, partition, offset, 1);
        assert.equal(text(read!.value), `record ${i}`);
      }
      for (const partition of [0, 1, 2]) {
        const read = await harness.log.read(topic, partition, 0, 100);
        const expected = records.filter((record) => record.partition === partition).map(({ value }) => value);
        assert.deepEqual(
          read.map(({ value }) => text(value)),
          expected,
        );
      }
    },
  },
  {
    name: 'shows what was acknowledged to every other connection',
    async run(harness) {
      const topic = await freshTopic(harness);
      const other = await harness.another();
      try {
        const [{ offset } = { offset: -1 }] = await harness.log.append([one(topic, 0, 'for all')]);
        const [read] = await other.read(topic, 0, offset, 1);
        assert.equal(text(read!.value), 'for all');
      } finally {
        await other.close();
      }
    },
  },
  {
    name: 'refuses an unknown topic and an unknown partition, and nobody else’s append with them',
    async run(harness) {
      const topic = await freshTopic(harness);
      const [first, unknownTopic, unknownPartition, last] = await Promise.allSettled([
        harness.log.append([one(topic, 0, 'first')]),
        harness.log.append([one(freshName('no-such'), 0, 'lost')]),
        harness.log.append([one(topic, 7, 'lost')]),
        harness.log.append([one(topic, 0, 'last')]),
      ]);
      assert.equal(first.status, 'fulfilled');
      assert.equal(last.status, 'fulfilled');
      assert.equal(
        unknownTopic.status === 'rejected' && (unknownTopic.reason as { code: string }).code,
        'UNKNOWN_TOPIC',
      );
      assert.equal(unknownPartition.status, 'rejected');
      const values = (await harness.log.read(topic, 0, 0, 100)).map(({ value }) => text(value));
      assert.equal(values[0], 'first');
      assert.equal(values.at(-1), 'last');
    },
  },
  {
    name: 'takes the same record twice',
    async run(harness) {
      const topic = await freshTopic(harness);
      const records = [one(topic, 0, 'a'), one(topic, 0, 'b')];
      await harness.log.append(records);
      await harness.log.append(records);
      const values = (await harness.log.read(topic, 0, 0, 10)).map(({ value }) => text(value));
      assert.deepEqual(values, ['a', 'b', 'a', 'b']);
    },
  },
  {
    name: 'cuts a batch that no single request could hold, in order',
    async run(harness) {
      const topic = await freshTopic(harness, 2);
      const body = 'x'.repeat(30_000);
      const records = ranged(120).map((i) => one(topic, i % 3 === 0 ? 1 : 0, `${i}:${body}`));
      const results = await harness.log.append(records);
      assert.equal(results.length, 120);
      for (const partition of [0, 1]) {
        const read = await harness.log.read(topic, partition, 0, 1_000);
        const numbers = read.map(({ value }) => Number(text(value)!.split(':')[0]));
        assert.deepEqual(
          numbers,
          ranged(120).filter((i) => (i % 3 === 0 ? 1 : 0) === partition),
        );
      }
    },
  },
  {
    name: 'refuses one record that is too large, and goes on',
    async run(harness) {
      const topic = await freshTopic(harness);
      const large = new Uint8Array(harness.tooLargeBytes);
      const [before, refused, after] = await Promise.allSettled([
        harness.log.append([one(topic, 0, 'before')]),
        harness.log.append([one(topic, 0, large), one(topic, 0, 'behind the refused one')]),
        harness.log.append([one(topic, 0, 'after')]),
      ]);
      assert.equal(before.status, 'fulfilled');
      assert.equal(refused.status === 'rejected' && (refused.reason as { code: string }).code, 'TOO_LARGE');
      assert.equal(after.status, 'fulfilled');
      const values = (await harness.log.read(topic, 0, 0, 10)).map(({ value }) => text(value));
      assert.ok(!values.includes('behind the refused one'), 'A later record of a refused append must not stand alone.');
      assert.equal(values.at(-1), 'after');
    },
  },
  {
    name: 'gives back keys, values and headers byte by byte, binary and absent ones too',
    async run(harness) {
      const topic = await freshTopic(harness);
      const binary = Uint8Array.from(ranged(256));
      await harness.log.append([
        { topic, partition: 0, key: binary, value: binary, headers: { text: 'Grüße', binary, empty: '' } },
        { topic, partition: 0, key: null, value: null },
        { topic, partition: 0, key: 'tenant:é', value: '' },
      ]);
      const [first, second, third] = await harness.log.read(topic, 0, 0, 10);
      assert.deepEqual(Uint8Array.from(first!.key!), binary);
      assert.deepEqual(Uint8Array.from(first!.value!), binary);
      assert.deepEqual(Object.keys(first!.headers).sort(), ['binary', 'empty', 'text']);
      assert.deepEqual(Uint8Array.from(first!.headers['binary']!), binary);
      assert.equal(text(first!.headers['text']!), 'Grüße');
      assert.equal(first!.headers['empty']!.byteLength, 0);
      assert.deepEqual([second!.key, second!.value, second!.headers], [null, null, {}]);
      assert.equal(text(third!.key), 'tenant:é');
      assert.equal(third!.value!.byteLength, 0);
    },
  },
  {
    name: 'does nothing for no records, and nothing more once closed',
    async run(harness) {
      const topic = await freshTopic(harness);
      const other = await harness.another();
      assert.deepEqual(await other.append([]), []);
      await other.append([one(topic, 0, 'a')]);
      await other.close();
      await assert.rejects(other.append([one(topic, 0, 'b')]), code('CLOSED'));
      assert.equal((await harness.log.bounds(topic, 0)).end, 1);
    },
  },
];
