import { describe, expect, it } from '@jest/globals';
import { RecordingReader, everyPartitionLed } from '@tocsin/suites';
import { kafkaAddress, uniqueName, waitUntil } from '@tocsin/testing';
import { client } from './kafkajs/client.ts';
import { kafkaLog } from './kafka-log.ts';

const grow = async (brokers: readonly string[], topic: string, count: number): Promise<void> => {
  const admin = client({ brokers, clientId: 'more-partitions' }).admin();
  await admin.connect();
  try {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] });
  } finally {
    await admin.disconnect();
  }
};

describe('a topic of the bank that gets more partitions while it is read', () => {
  it('is read in all of them, and the others lose nothing by it', async () => {
    const options = { brokers: [kafkaAddress()], client: 'platformatic' } as const;
    const log = kafkaLog({ ...options, clientId: 'reader' });
    const bank = kafkaLog({ ...options, clientId: 'bank' });
    const topic = uniqueName('grows');
    const write = (value: string, partitions: readonly number[]) =>
      bank.append(partitions.map((partition) => ({ topic, partition, key: null, value })));
    await log.createTopics([{ name: topic, partitions: 2, cleanup: 'delete' }]);
    await everyPartitionLed(log, topic, 2);
    const reader = await RecordingReader.open(log, { topic, group: uniqueName('group') });
    const reads = (partition: number, value: string) =>
      waitUntil(`partition ${partition} to be read`, () => reader.values(partition).at(-1) === value, {
        withinMs: 60_000,
      });
    try {
      await write('before', [0, 1]);
      for (const partition of [0, 1]) await reads(partition, 'before');
      await grow(options.brokers, topic, 3);
      await everyPartitionLed(log, topic, 3);
      const other = kafkaLog({ ...options, clientId: 'bank-anew' });
      await other.append([0, 1, 2].map((partition) => ({ topic, partition, key: null, value: 'after' })));
      await other.close();
      for (const partition of [0, 1, 2]) await reads(partition, 'after');
      expect([0, 1, 2].map((partition) => reader.values(partition))).toEqual([
        ['before', 'after'],
        ['before', 'after'],
        ['after'],
      ]);
      expect(reader.violations).toEqual([]);
    } finally {
      await reader.close();
      await Promise.all([log.close(), bank.close()]);
    }
  }, 120_000);
});
