import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import type { Log } from '@tocsin/core';
import { RecordingReader, everyPartitionLed } from '@tocsin/suites';
import { kafkaAddress, needTool, uniqueName, waitUntil } from '@tocsin/testing';
import { kafkaClients } from './kafka-log-options.ts';
import type { KafkaLogOptions } from './kafka-log-options.ts';
import { kafkaLog } from './kafka-log.ts';

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo();
});

const create = async (log: Log, partitions = 1, name = uniqueName('only-kafka')): Promise<string> => {
  await log.createTopics([{ name, partitions, cleanup: 'delete', retentionMs: 604_800_000 }]);
  await everyPartitionLed(log, name, partitions);
  return name;
};

describe.each(kafkaClients)('what only Kafka has, by %s', (client) => {
  const open = (options: Partial<KafkaLogOptions> = {}): Log => {
    const log = kafkaLog({ brokers: [kafkaAddress()], clientId: 'only-kafka', client, ...options });
    clean.push(() => log.close());
    return log;
  };

  it('hands the partitions of one fetch over in one call', async () => {
    const log = open();
    const topic = await create(log, 4);
    const calls: number[] = [];
    const reader = new RecordingReader({ handle: (batches) => Promise.resolve(void calls.push(batches.length)) });
    await log.append([0, 1, 2, 3].map((partition) => ({ topic, partition, key: null, value: 'waiting' })));
    await RecordingReader.open(log, { topic, group: uniqueName('group') }, reader);
    await waitUntil('all to be read', () => reader.records.length === 4);
    for (const round of [1, 2, 3]) {
      await log.append([0, 1, 2, 3].map((partition) => ({ topic, partition, key: null, value: String(round) })));
      await waitUntil('the round to be read', () => reader.records.length === 4 + 4 * round);
    }
    expect(Math.max(...calls)).toBeGreaterThan(1);
    expect(reader.violations).toEqual([]);
  });

  it('makes topics with the settings that the engine relies on', async () => {
    const log = open({ replicationFactor: 1, minInsyncReplicas: 1, maxRecordBytes: 2_000_000 });
    const topic = await create(log);
    const [{ offset } = { offset: -1 }] = await log.append([
      { topic, partition: 0, key: 'k', value: 'x'.repeat(1_500_000) },
    ]);
    expect(offset).toBe(0);
    const kafka = new Kafka({ brokers: [kafkaAddress()], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    clean.push(() => admin.disconnect());
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    });
    const settings = Object.fromEntries(
      resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
    expect(settings).toMatchObject({
      'cleanup.policy': 'delete',
      'retention.ms': '604800000',
      'message.timestamp.type': 'LogAppendTime',
      'min.insync.replicas': '1',
      'max.message.bytes': '2000000',
      'unclean.leader.election.enable': 'false',
    });
  });

  it('reads what another client wrote', async () => {
    const log = open();
    const topic = await create(log);
    const parameters = [
      '-b',
      kafkaAddress(),
      '-P',
      '-t',
      topic,
      '-p',
      '0',
      '-k',
      'tenant:1',
      '-H',
      'source=kcat',
      '-z',
      'gzip',
    ];
    const kcat = spawnSync(needTool('kcat'), parameters, { input: 'from outside', encoding: 'utf8' });
    expect(kcat.status).toBe(0);
    const [outside] = await log.read(topic, 0, 0, 1);
    expect(Buffer.from(outside!.key!).toString()).toBe('tenant:1');
    expect(Buffer.from(outside!.value!).toString()).toBe('from outside');
    expect(Buffer.from(outside!.headers['source']!).toString()).toBe('kcat');
  });

  it('neither reads nor delivers an aborted transaction, and gets over its marker', async () => {
    const log = open();
    const topic = await create(log);
    const kafka = new Kafka({ brokers: [kafkaAddress()], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: uniqueName('bank'), idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    clean.push(() => producer.disconnect());
    const transact = async (value: string, end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ partition: 0, value }] });
      await transaction[end]();
    };
    const reader = new RecordingReader();
    await RecordingReader.open(log, { topic, group: uniqueName('group') }, reader);
    await transact('first', 'commit');
    await waitUntil('the first to be read', () => reader.records.length === 1);
    await transact('taken back', 'abort');
    await transact('second', 'commit');
    // The marker is written after the answer.
    await waitUntil('the end of the transaction', async () => (await log.bounds(topic, 0)).end === 6);
    await log.append([{ topic, partition: 0, key: null, value: 'third' }]);
    await waitUntil('the last to be read', () => reader.values(0).at(-1) === 'third');
    // The aborted record and three markers have offsets, and nobody sees them.
    expect(reader.values(0)).toEqual(['first', 'second', 'third']);
    expect(reader.offsets(0)).toEqual([0, 4, 6]);
    expect((await log.read(topic, 0, 0, 10)).map(({ offset }) => offset)).toEqual([0, 4, 6]);
    expect((await log.read(topic, 0, 1, 10)).map(({ offset }) => offset)).toEqual([4, 6]);
    expect([reader.failures, reader.violations]).toEqual([[], []]);
  });

  it('knows the identity of a topic with the longest name, and of the first among many brokers', async () => {
    const log = open();
    const topic = await create(log, 1, `${uniqueName('long')}-${'n'.repeat(200)}`);
    expect((await log.facts(topic))?.identity).toMatch(/^[0-9a-f]{32}$/);
  });

  it('counts a partition as given away after a silence of a whole session, until the group says otherwise', async () => {
    const log = open();
    const topic = await create(log);
    await log.append([{ topic, partition: 0, key: null, value: 'a' }]);
    const seen: boolean[] = [];
    const reader: RecordingReader = new RecordingReader({
      handle: async () => {
        if (seen.length > 0) return;
        const subscription = await reader.subscription();
        seen.push(subscription.assigns(0));
        // As when the machine stands still: no timer runs, no heartbeat is sent.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
        seen.push(subscription.assigns(0));
      },
    });
    await RecordingReader.open(log, { topic, group: uniqueName('group'), sessionTimeoutMs: 1_500 }, reader);
    await waitUntil('the member to be expelled and to come back', () => reader.assignments === 2);
    expect(seen).toEqual([true, false]);
    expect(reader.lost).toEqual([0]);
    await waitUntil('the record to be read again', () => reader.records.length === 2);
    expect((await reader.subscription()).assigns(0)).toBe(true);
    expect(reader.violations).toEqual([]);
  });
});
