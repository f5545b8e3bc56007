import type { LogHarness } from '@tocsin/suites';
import { kafkaLog } from './kafka-log.ts';
import { client } from './client.ts';

/** The log on a running broker, with what its own administration can do beside the port. For tests. */
export async function kafkaHarness(address: string): Promise<LogHarness & { close(): Promise<void> }> {
  const options = { brokers: [address], clientId: 'suite' };
  const log = kafkaLog(options);
  const admin = client(options).admin();
  await admin.connect();
  return {
    log,
    another: () => Promise.resolve(kafkaLog(options)),
    deleteTopic: (topic) => admin.deleteTopics({ topics: [topic] }),
    trim: (topic, partition, before) =>
      admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] }),
    // The broker's limit is 1 MiB of a whole batch.
    tooLargeBytes: 1 << 20,
    shortSessionMs: 1_500,
    close: async () => {
      await log.close();
      await admin.disconnect();
    },
  };
}
