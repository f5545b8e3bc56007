import { afterEach, describe, expect, it } from '@jest/globals';
import type { Log } from '@tocsin/core';
import { RecordingReader, everyPartitionLed } from '@tocsin/suites';
import { startKafka, uniqueName, waitUntil } from '@tocsin/testing';
import type { RunningKafka } from '@tocsin/testing';
import { kafkaLog } from './kafka-log.ts';
import { kafkaClients } from './kafka-log-options.ts';
import type { KafkaClient } from './kafka-log-options.ts';

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

const open = (address: string, client: KafkaClient): Log => {
  const limits = { requestTimeoutMs: 3_000, connectionTimeoutMs: 500 };
  const log = kafkaLog({ brokers: [address], clientId: 'restart', client, ...limits });
  clean.push(() => log.close());
  return log;
};

describe.each(kafkaClients)('when the broker is killed, by %s', (client) => {
  it('appends fail as unknown, subscriptions lose their partitions and come back by themselves', async () => {
    const kafka: RunningKafka = await startKafka();
    clean.push(() => kafka.stop());
    const log = open(kafka.address, client);
    const topic = uniqueName('restart');
    await log.createTopics([{ name: topic, partitions: 2, cleanup: 'delete' }]);
    await everyPartitionLed(log, topic, 2);
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
    await waitUntil('the log to answer', () =>
      log.ping().then(
        () => true,
        () => false,
      ),
    );
    await waitUntil('an append to be taken', () =>
      append('after').then(
        () => true,
        () => false,
      ),
    );
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
