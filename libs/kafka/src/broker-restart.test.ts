import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Log, PartitionBatch } from '@tocsin/core';
import { RecordingReader } from '@tocsin/suites';
import { kafkaAddress, needTool, startKafka, uniqueName, waitUntil } from '@tocsin/testing';
import type { RunningKafka } from '@tocsin/testing';
import { kafkaLog } from './kafka-log.ts';

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

const open = (address: string): Log => {
  const log = kafkaLog({ brokers: [address], clientId: 'restart', requestTimeoutMs: 3_000, connectionTimeoutMs: 500 });
  clean.push(() => log.close());
  return log;
};

describe('when the broker is killed', () => {
  it('appends fail as unknown, subscriptions lose their partitions and come back by themselves', async () => {
    const kafka: RunningKafka = await startKafka();
    clean.push(() => kafka.stop());
    const log = open(kafka.address);
    const topic = uniqueName('restart');
    await log.createTopics([{ name: topic, partitions: 2, cleanup: 'delete' }]);
    const append = (value: string) => log.append([0, 1].map((partition) => ({ topic, partition, key: null, value })));
    await append('before');

    const reader = await RecordingReader.open(log, { topic, group: uniqueName('group'), sessionTimeoutMs: 1_500 });
    await waitUntil('the records to be read', () => reader.records.length === 2);

    await kafka.kill();
    await expect(append('lost')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(log.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await waitUntil('the partitions to count as lost', () => reader.owned.size === 0);
    await expect((await reader.subscription()).commit(0, 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });

    await kafka.restart();
    await waitUntil('the log to answer', () => log.ping().then(() => true, () => false));
    await waitUntil('an append to be taken', () => append('after').then(() => true, () => false));
    await waitUntil(
      'the subscription to go on',
      () => [0, 1].every((partition) => reader.values(partition).at(-1) === 'after'),
      { withinMs: 40_000 },
    );
    await (await reader.subscription()).commit(0, 1);
    expect(reader.failures).toEqual([]);
    expect(reader.violations).toEqual([]);
  });
});

describe('what only Kafka has', () => {
  it('hands the partitions of one fetch over in one call', async () => {
    const log = open(kafkaAddress());
    const topic = uniqueName('whole-fetch');
    await log.createTopics([{ name: topic, partitions: 4, cleanup: 'delete' }]);
    const calls: number[] = [];
    const reader = new RecordingReader({
      // Long enough for all four appends to wait for the next fetch.
      handle: async (batches: readonly PartitionBatch[]) => {
        calls.push(batches.length);
        await log.append([]);
      },
    });
    await RecordingReader.open(log, { topic, group: uniqueName('group') }, reader);
    await waitUntil('all to be assigned', () => reader.owned.size === 4);
    for (const round of [1, 2, 3]) {
      await log.append([0, 1, 2, 3].map((partition) => ({ topic, partition, key: null, value: String(round) })));
      await waitUntil('the round to be read', () => reader.records.length === 4 * round);
    }
    expect(Math.max(...calls)).toBeGreaterThan(1);
    expect(reader.violations).toEqual([]);
  });

  it('makes topics with the settings that the engine relies on', async () => {
    const log = kafkaLog({
      brokers: [kafkaAddress()],
      clientId: 'settings',
      replicationFactor: 1,
      minInsyncReplicas: 1,
      maxRecordBytes: 2_000_000,
    });
    clean.push(() => log.close());
    const topic = uniqueName('settings');
    await log.createTopics([{ name: topic, partitions: 1, cleanup: 'delete', retentionMs: 604_800_000 }]);
    // Two connections agree on the time, although the second one's producer claims another.
    const kcat = spawnSync(
      needTool('kcat'),
      ['-b', kafkaAddress(), '-P', '-t', topic, '-p', '0', '-k', 'tenant:1', '-H', 'source=kcat'],
      { input: 'from outside', encoding: 'utf8' },
    );
    expect(kcat.status).toBe(0);
    const [appended] = await log.append([{ topic, partition: 0, key: 'k', value: 'x'.repeat(1_500_000) }]);
    expect(appended!.offset).toBe(1);
    const [outside] = await log.read(topic, 0, 0, 1);
    expect(Buffer.from(outside!.value!).toString()).toBe('from outside');
    expect(Buffer.from(outside!.headers['source']!).toString()).toBe('kcat');
  });
});
