import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { logSuite } from '@tocsin/suites';
import type { Leaders, LogHarness } from '@tocsin/suites';
import { kafkaAddress, startKafkaCluster, uniqueName, waitUntil } from '@tocsin/testing';
import type { RunningKafkaCluster } from '@tocsin/testing';
import type { Admin } from 'kafkajs';
import { client } from './kafkajs/client.ts';
import { kafkaLog } from './kafka-log.ts';
import { kafkaClients } from './kafka-log-options.ts';
import type { KafkaClient } from './kafka-log-options.ts';

interface KafkaHarness extends LogHarness {
  readonly withAdmin: <T>(use: (admin: Admin) => Promise<T>) => Promise<T>;
  close(): Promise<void>;
}

/** The log on a running broker, with what its own administration can do beside the port. */
function kafkaHarness(
  kind: KafkaClient,
  brokers: readonly string[],
  more: { readonly requestTimeoutMs?: number } = {},
): KafkaHarness {
  const options = { brokers, clientId: 'suite', client: kind, ...more };
  const log = kafkaLog(options);
  const withAdmin = async <T>(use: (admin: Admin) => Promise<T>): Promise<T> => {
    // A new one each time: it would go on asking for a topic that was deleted.
    const admin = client(options).admin();
    await admin.connect();
    return use(admin).finally(() => admin.disconnect());
  };
  return {
    log,
    another: () => Promise.resolve(kafkaLog(options)),
    deleteTopic: (topic) => withAdmin((admin) => admin.deleteTopics({ topics: [topic] })),
    trim: (topic, partition, before) =>
      withAdmin(async (admin) => {
        // kafkajs deletes only from a topic that it has been asked about before.
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
      }),
    // The broker's limit is 1 MiB of a whole batch.
    tooLargeBytes: 1 << 20,
    shortSessionMs: 3_000,
    withAdmin,
    close: () => log.close(),
  };
}

/** The same on several brokers, each of which leads some partitions. */
function clusterHarness(kind: KafkaClient, cluster: RunningKafkaCluster): KafkaHarness {
  // A broker that was killed is not waited for long.
  const harness = kafkaHarness(kind, cluster.addresses, { requestTimeoutMs: 4_000 });
  const { withAdmin } = harness;
  const leadersOf = (topic: string): Promise<ReadonlyMap<number, number>> =>
    withAdmin(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return new Map(topics[0]!.partitions.map(({ partitionId, leader }) => [partitionId, leader]));
    });
  const leaders: Leaders = {
    async topicLedByOne(partitions) {
      const topic = uniqueName('leaders');
      const replicaAssignment = Array.from({ length: partitions }, (_, partition) => ({ partition, replicas: [1] }));
      await withAdmin((admin) => admin.createTopics({ topics: [{ topic, replicaAssignment }], waitForLeaders: true }));
      return topic;
    },
    async move(topic, partition) {
      const leading = new Set((await leadersOf(topic)).values());
      const next = cluster.brokers.findIndex((_, i) => !leading.has(i + 1)) + 1;
      const partitionAssignment = [{ partition, replicas: [next] }];
      await withAdmin((admin) => admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] }));
      await waitUntil('the partition to have moved', async () => (await leadersOf(topic)).get(partition) === next);
    },
    async kill(topic, partition) {
      const broker = cluster.brokers[(await leadersOf(topic)).get(partition)! - 1]!;
      await broker.kill();
      return () => broker.restart();
    },
  };
  return { ...harness, leaders, shortSessionMs: 6_000 };
}

describe.each(kafkaClients)('the log on Apache Kafka by %s', (kind) => {
  let harness: KafkaHarness;
  beforeAll(() => {
    harness = kafkaHarness(kind, [kafkaAddress()]);
  });
  afterAll(() => harness.close());

  const traits = { members: true, identity: true, readsByIdentity: kind === 'platformatic' };
  for (const kept of logSuite(traits)) it(kept.name, () => kept.run(harness));
});

describe('on a cluster of brokers', () => {
  let cluster: RunningKafkaCluster;
  beforeAll(async () => {
    cluster = await startKafkaCluster({ brokers: 3 });
  }, 120_000);
  afterAll(() => cluster.stop());

  describe.each(kafkaClients)('the log by %s', (kind) => {
    let harness: KafkaHarness;
    beforeAll(() => {
      harness = clusterHarness(kind, cluster);
    });
    afterAll(() => harness.close());

    const cases = logSuite({ members: true, identity: true, leaders: true }).filter(({ needs }) => needs === 'leaders');
    for (const kept of cases) it(kept.name, () => kept.run(harness), 240_000);
  });
});
