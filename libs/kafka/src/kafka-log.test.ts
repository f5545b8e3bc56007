import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { logSuite } from '@tocsin/suites';
import type { LogHarness } from '@tocsin/suites';
import { kafkaAddress } from '@tocsin/testing';
import { kafkaHarness } from './kafka-harness.ts';

describe('the log on Apache Kafka', () => {
  let harness: LogHarness & { close(): Promise<void> };
  beforeAll(async () => {
    harness = await kafkaHarness(kafkaAddress());
  });
  afterAll(() => harness.close());

  for (const { name, run } of logSuite({ members: true, identity: true })) it(name, () => run(harness));
});
