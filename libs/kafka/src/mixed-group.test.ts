import { afterEach, describe, expect, it } from '@jest/globals';
import type { Log } from '@tocsin/core';
import { RecordingReader, everyPartitionLed } from '@tocsin/suites';
import { kafkaAddress, uniqueName, waitUntil } from '@tocsin/testing';
import { kafkaLog } from './kafka-log.ts';
import type { KafkaClient } from './kafka-log-options.ts';

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

const open = (client: KafkaClient): Log => {
  const log = kafkaLog({ brokers: [kafkaAddress()], clientId: `mixed-${client}`, client });
  clean.push(() => log.close());
  return log;
};

const partitions = [0, 1, 2, 3] as const;

describe('a group whose members have different clients', () => {
  it.each([
    ['kafkajs', 'platformatic'],
    ['platformatic', 'kafkajs'],
  ] as const)('is handed from %s to %s without a gap, whoever leads it', async (from, to) => {
    const [first, second] = [open(from), open(to)];
    const topic = uniqueName('mixed');
    const options = { topic, group: uniqueName('group'), sessionTimeoutMs: 3_000 };
    await first.createTopics([{ name: topic, partitions: partitions.length, cleanup: 'delete' }]);
    await everyPartitionLed(first, topic, partitions.length);
    const append = (value: string) =>
      first.append(partitions.map((partition) => ({ topic, partition, key: null, value })));
    await append('one');
    const leaving = await RecordingReader.open(first, options);
    await waitUntil('the first member to read all', () => leaving.records.length === 4);

    const coming = await RecordingReader.open(second, options, new RecordingReader({ startAt: () => 1 }));
    await waitUntil('both to have some', () => leaving.owned.size === 2 && coming.owned.size === 2);
    expect([...leaving.owned, ...coming.owned].sort()).toEqual([...partitions]);
    await append('two');
    await waitUntil('each to be read', () => leaving.records.length + coming.records.length === 8);
    for (const partition of partitions) {
      expect(leaving.values(partition)).toEqual(leaving.owned.has(partition) ? ['one', 'two'] : ['one']);
      expect(coming.values(partition)).toEqual(coming.owned.has(partition) ? ['two'] : []);
    }

    await leaving.close();
    await waitUntil('one member to have all', () => coming.owned.size === 4);
    await append('three');
    await waitUntil('the last to be read', () => partitions.every((one) => coming.values(one).at(-1) === 'three'));
    expect([leaving.violations, coming.violations]).toEqual([[], []]);
    await coming.close();
  });
});
