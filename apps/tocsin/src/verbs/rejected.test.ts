import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ingestRecord, topicNames, topicSpecs } from '@tocsin/core';
import type { Log, LogRecord, SourceOptions } from '@tocsin/core';
import { json } from '@tocsin/formats';
import { kafkaLog } from '@tocsin/kafka';
import { channelIds, everyRecord } from '@tocsin/services';
import { startKafka } from '@tocsin/testing';
import type { RunningKafka } from '@tocsin/testing';
import { embeddedInstallation } from './embedded-installation.testing.ts';
import type { EmbeddedInstallation } from './embedded-installation.testing.ts';
import { addRejected } from './rejected.ts';
import { addReplay } from './replay.ts';

const source: SourceOptions = { name: 'payments', kind: 'transactions', tenantId: 'alpha' };

async function all(log: Log, topic: string): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of everyRecord(log, topic)) records.push(record);
  return records;
}

/** What ingest makes of each record of the bank's that it has not taken yet. */
async function ingest(bank: Log, ours: Log, from: number): Promise<number> {
  const records = await all(bank, 'bank');
  for (const record of records.slice(from)) {
    const decoded = json.decode(record.value, record.headers, new json.options(), record.timestamp);
    for (const { topic, rawKey, key, value, headers } of ingestRecord(record, source, decoded, () => '').outputs) {
      if (topic !== topicNames.rejected) continue;
      await ours.append([
        {
          topic,
          partition: 0,
          key: rawKey ?? key,
          value: value as Uint8Array | null,
          ...(headers === undefined ? {} : { headers }),
        },
      ]);
    }
  }
  return records.length;
}

describe('tocsin rejected redrive', () => {
  let installation: EmbeddedInstallation;
  const ours = topicSpecs(channelIds, { stage: 1, delivery: 1, outside: 1 });
  const bank = { name: 'bank', partitions: 1, cleanup: 'delete' } as const;

  const redrive = async (): Promise<unknown> =>
    JSON.parse(await installation.run(addRejected, 'rejected', 'redrive', '--json'));
  afterEach(() => installation.remove());

  describe('on one cluster', () => {
    beforeEach(async () => {
      installation = embeddedInstallation();
      await installation.with(async ({ log }) => {
        await log.createTopics([...ours, bank]);
      });
    });

    it('sends each record once, however often it was refused', async () => {
      await installation.with(async ({ log }) => {
        await log.append([{ topic: 'bank', partition: 0, key: 'a', value: 'no transaction' }]);
        await ingest(log, log, 0);
      });
      for (let already = 1; already < 4; already++) {
        expect(await redrive()).toMatchObject({ sent: 1, left: [] });
        await installation.with(async ({ log }) => {
          expect(await ingest(log, log, already)).toBe(already + 1);
        });
      }
    });
  });

  describe('where the bank’s topic lies on another cluster', () => {
    let kafka: RunningKafka;
    let other: Log;

    beforeAll(async () => {
      kafka = await startKafka();
      other = kafkaLog({ brokers: [kafka.address], clientId: 'bank' });
      installation = embeddedInstallation(`, kafka: { brokers: ["${kafka.address}"] }`);
    });
    afterAll(async () => {
      await other.close();
      await kafka.stop();
    });

    it('sends there, not to a topic of that name on ours, and reads there what was masked', async () => {
      await other.createTopics([bank]);
      const values = ['no transaction', 'card 4242 4242 4242 4242'];
      await other.append(values.map((value) => ({ topic: 'bank', partition: 0, key: 'a', value })));
      await installation.with(async ({ log }) => {
        await log.createTopics([...ours, bank]);
        await ingest(other, log, 0);
      });
      expect(await redrive()).toMatchObject({ sent: 2, left: [] });
      const texts = (await all(other, 'bank')).map(({ value }) => new TextDecoder().decode(value ?? undefined));
      expect(texts).toEqual([...values, ...values]);
      await installation.with(async ({ log }) => expect(await all(log, 'bank')).toEqual([]));
      await installation.run(addReplay, 'replay', new URL('../../package.json', import.meta.url).pathname);
      expect((await all(other, 'bank')).length).toBeGreaterThan(4);
    });
  });
});
