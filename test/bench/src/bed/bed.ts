import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topicSpecs } from '@tocsin/core';
import type { Log } from '@tocsin/core';
import { kafkaLog } from '@tocsin/kafka';
import { channelIds } from '@tocsin/services';
import { startKafka, startRedis, waitUntil } from '@tocsin/testing';
import type { RunningKafka, RunningRedis } from '@tocsin/testing';
import { stringify } from 'yaml';
import { tenant } from '../load/set-up.ts';
import { accountSid, startLocalProvider } from './local-provider.ts';
import type { LocalProvider } from './local-provider.ts';
import { bundled, startService } from './service-process.ts';
import type { ServiceProcess, StageName } from './service-process.ts';

export const bankTopic = 'bank.transactions';

export interface BedOptions {
  /** Default 8. */
  readonly partitions?: number;
  /** Kafka client of the services: the setting `kafka.client`. Default: the services' own default. */
  readonly client?: string;
  /** MiB of heap for the broker. Default 1,024. */
  readonly brokerHeapMb?: number;
  /** Further settings of the services, over those of the bed. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The services as they were compiled, for a profile: the image bundles them. */
  readonly compiled?: boolean;
}

/** A broker, a Redis and a provider of our own, all on this machine, with Tocsin's topics and the bank's. */
export interface Bed {
  readonly kafka: RunningKafka;
  readonly redis: RunningRedis;
  readonly provider: LocalProvider;
  readonly partitions: number;
  /** For feeding and looking; not what the services use. */
  readonly log: Log;
  readonly folder: string;
  start(name: StageName | 'all', nodeOptions?: readonly string[]): Promise<ServiceProcess>;
  /** The position behind the last record of a topic, over all partitions. */
  appended(topic: string): Promise<number>;
  /** Records that all processes of a stage together have taken. */
  readonly consumed: ReadonlyMap<StageName, number>;
  tookMore(stage: StageName, records: number): void;
  close(): Promise<void>;
}

/** A broker needs a moment until it leads partitions that were just created; an append before that is refused. */
async function untilLed(log: Log, topic: string, partitions: number): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) {
    await waitUntil(`a leader of ${topic}`, () =>
      log.bounds(topic, partition).then(
        () => true,
        () => false,
      ),
    );
  }
}

/** The broker as its own start script runs it on a server: both compilers, G1 with short pauses, a heap of fixed size. */
const serverJava = (heapMb: number): readonly string[] => [
  `-Xms${heapMb}m`,
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
];

export async function openBed(options: BedOptions = {}): Promise<Bed> {
  const { partitions = 8, client, brokerHeapMb = 1_024, settings = {}, compiled = false } = options;
  if (!compiled) await bundled();
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'));
  const kafka = await startKafka({
    heapMb: brokerHeapMb,
    java: serverJava(brokerHeapMb),
    settings: { 'log.index.size.max.bytes': 10 << 20, 'num.network.threads': 3, 'num.io.threads': 8 },
  });
  const redis = await startRedis();
  const provider = await startLocalProvider();
  const log = kafkaLog({ brokers: [kafka.address], clientId: 'bench' });
  const topics = [
    ...topicSpecs(channelIds, { stage: partitions, delivery: partitions, outside: partitions }),
    { name: bankTopic, partitions, cleanup: 'delete' as const, retentionMs: 86_400_000 },
  ];
  await log.createTopics(topics);
  for (const { name } of topics) await untilLed(log, name, partitions);
  const configuration = (port: number): string => {
    const file = join(folder, `tocsin-${port}.yaml`);
    writeFileSync(
      file,
      stringify({
        installation: 'bench',
        secret: 'a secret that only the benchmark uses, 32+',
        storage: 'kafka',
        kafka: { brokers: [kafka.address], ...(client === undefined ? {} : { client }) },
        redis: { host: redis.host, port: redis.port },
        partitions: { stage: partitions, delivery: partitions, outside: partitions },
        sources: [{ name: 'cards', topic: bankTopic, tenant, startAt: 'earliest' }],
        tenants: { [tenant]: { bankName: 'Bench' } },
        channels: {
          sms: {
            tenant,
            // So that the stage is measured, not a provider's contract.
            perSecond: 100_000,
            twilio: {
              baseUrl: provider.url,
              accountSid,
              password: 'bench',
              authTokens: ['bench'],
              from: '+35924000000',
            },
          },
        },
        http: { port },
        logLevel: 'warn',
        ...settings,
      }),
    );
    return file;
  };
  const consumed = new Map<StageName, number>();
  return {
    kafka,
    redis,
    provider,
    partitions,
    log,
    folder,
    start: (name, nodeOptions = []) => startService(name, { folder, configuration, nodeOptions, compiled }),
    async appended(topic) {
      const ends = await Promise.all(
        Array.from({ length: partitions }, async (_, partition) => (await log.bounds(topic, partition)).end),
      );
      return ends.reduce((sum, end) => sum + end, 0);
    },
    consumed,
    tookMore: (stage, records) => void consumed.set(stage, (consumed.get(stage) ?? 0) + records),
    async close() {
      await log.close();
      await provider.stop();
      await redis.stop();
      await kafka.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
