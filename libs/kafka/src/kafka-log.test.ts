import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { logSuite } from '@tocsin/suites';
import type { LogHarness } from '@tocsin/suites';
import { kafkaAddress } from '@tocsin/testing';
import type { Admin } from 'kafkajs';
import { client } from './kafkajs/client.ts';
import { kafkaLog } from './kafka-log.ts';
import { kafkaClients } from './kafka-log-options.ts';
import type { KafkaClient } from './kafka-log-options.ts';

/** The log on a running broker, with what its own administration can do beside the port. */
function kafkaHarness(address: string, kind: KafkaClient): LogHarness & { close(): Promise<void> } {
  const options = { brokers: [address], clientId: 'suite', client: kind };
  const log = kafkaLog(options);
  const withAdmin = async (use: (admin: Admin) => Promise<void>): Promise<void> => {
    // A new one each time: it would go on asking for a topic that was deleted.
    const admin = client(options).admin();
    await admin.connect();
    await use(admin).finally(() => admin.disconnect());
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
    close: () => log.close(),
  };
}

describe.each(kafkaClients)('the log on Apache Kafka by %s', (kind) => {
  let harness: LogHarness & { close(): Promise<void> };
  beforeAll(() => {
    harness = kafkaHarness(kafkaAddress(), kind);
  });
  afterAll(() => harness.close());

  const traits = { members: true, identity: true, readsByIdentity: kind === 'platformatic' };
  for (const kept of logSuite(traits)) it(kept.name, () => kept.run(harness));
});
