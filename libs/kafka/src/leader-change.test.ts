import { afterEach, describe, expect, it } from '@jest/globals';
import type { Log } from '@tocsin/core';
import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import { RecordingReader } from '@tocsin/suites';
import { startKafkaCluster, uniqueName, waitUntil } from '@tocsin/testing';
import { kafkaLog } from './kafka-log.ts';
import { kafkaClients } from './kafka-log-options.ts';
import type { KafkaClient } from './kafka-log-options.ts';

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

const partitions = [0, 1, 2, 3, 4, 5] as const;

/** What the engine does: an append that failed is repeated as it was, and only then the next one follows. */
class Feeder {
  readonly #log: Log;
  readonly topic: string;
  sent = 0;
  failures = 0;

  constructor(log: Log, topic: string) {
    this.#log = log;
    this.topic = topic;
  }

  async feed(rounds: number): Promise<void> {
    for (const end = this.sent + rounds; this.sent < end;) {
      const { topic } = this;
      const records = partitions.map((partition) => ({ topic, partition, key: null, value: String(this.sent) }));
      await waitUntil(
        'an append to be taken',
        () =>
          this.#log.append(records).then(
            () => true,
            () => {
              this.failures += 1;
              return false;
            },
          ),
        { withinMs: 40_000 },
      );
      this.sent += 1;
    }
  }
}

async function set(client: KafkaClient, brokers: readonly string[], admin?: Admin) {
  const log = kafkaLog({ brokers, clientId: `leaders-${client}`, client, requestTimeoutMs: 4_000 });
  clean.push(() => log.close());
  const topic = uniqueName(`leaders-${client}`);
  await admin?.createTopics({
    topics: [{ topic, replicaAssignment: partitions.map((partition) => ({ partition, replicas: [1] })) }],
  });
  await log.createTopics([{ name: topic, partitions: partitions.length, cleanup: 'delete' }]);
  const reader = await RecordingReader.open(log, { topic, group: uniqueName('group'), sessionTimeoutMs: 6_000 });
  return { client, reader, feeder: new Feeder(log, topic), log };
}

describe('when one partition moves to a broker that led none before', () => {
  it('is read on from there, while its old leader goes on with the others', async () => {
    const cluster = await startKafkaCluster({ brokers: 3 });
    clean.push(() => cluster.stop());
    const admin = new Kafka({ brokers: [...cluster.addresses], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    clean.push(() => admin.disconnect());
    const sets = await Promise.all(kafkaClients.map((client) => set(client, cluster.addresses, admin)));
    await Promise.all(sets.map(({ feeder }) => feeder.feed(10)));
    for (const { feeder, reader, client } of sets) {
      const { topic } = feeder;
      await waitUntil(`${client} to read`, () =>
        partitions.every((partition) => reader.values(partition).length >= 10),
      );
      await admin.alterPartitionReassignments({
        topics: [{ topic, partitionAssignment: [{ partition: 3, replicas: [2] }] }],
      });
      await waitUntil('the partition to have moved', async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]!.partitions.find(({ partitionId }) => partitionId === 3)!.leader === 2;
      });
      await feeder.feed(10);
      await waitUntil(`${client} to read on`, () =>
        partitions.every((partition) => reader.values(partition).at(-1) === String(feeder.sent - 1)),
      );
      expect(reader.violations).toEqual([]);
    }
  }, 120_000);
});

describe('when the leader of some partitions is killed', () => {
  it('appends and reading go on with the next leader, in order and without a gap', async () => {
    const cluster = await startKafkaCluster({ brokers: 3 });
    clean.push(() => cluster.stop());
    const sets = await Promise.all(kafkaClients.map((client) => set(client, cluster.addresses)));
    await Promise.all(sets.map(({ feeder }) => feeder.feed(10)));
    await cluster.brokers[1]!.kill();
    await Promise.all(sets.map(({ feeder }) => feeder.feed(20)));
    await cluster.brokers[1]!.restart();
    await cluster.brokers[2]!.kill();
    await Promise.all(sets.map(({ feeder }) => feeder.feed(20)));
    for (const { reader, feeder, client } of sets) {
      const last = String(feeder.sent - 1);
      await waitUntil(
        `the last record to be read by ${client}`,
        () => partitions.every((partition) => reader.values(partition).at(-1) === last),
        { withinMs: 60_000 },
      );
      for (const partition of partitions) {
        // Readers keep the first of each: what was repeated is a repetition, in order.
        const firsts = [...new Set(reader.values(partition))];
        expect(firsts).toEqual(Array.from({ length: feeder.sent }, (_, i) => String(i)));
      }
      expect(reader.failures).toEqual([]);
      expect(reader.violations).toEqual([]);
    }
  }, 240_000);
});
