import type { Barriers, Log, ShortTermStore, StateStore, TokenBuckets } from '@tocsin/core';
import { defaultPartitions, embeddedPartitions, topicTable } from '@tocsin/core';
import type { PartitionCounts } from '@tocsin/core';
import { channels } from '@tocsin/channels';
import type { EngineLimits } from '@tocsin/engine';
import { kafkaLog } from '@tocsin/kafka';
import type { Logger } from '@tocsin/nest';
import { redisStore } from '@tocsin/redis';
import { CannotStart } from '../cannot-start.ts';
import type { KafkaSettings, Settings } from '../settings.ts';
import { redisAddress } from './redis-address.ts';

/** Log and state, on Kafka and Redis or in one embedded file; the services know no difference. */
export interface Platform {
  readonly kind: Settings['storage'];
  readonly installation: string;
  readonly log: Log;
  readonly state: StateStore;
  readonly barriers: Barriers;
  readonly buckets: TokenBuckets;
  readonly shortTerm: ShortTermStore;
  /** Resolves when all that was acknowledged is on the disk. */
  sync(): Promise<void>;
  /** Partitions of each topic of ours. */
  readonly partitions: Readonly<Record<string, number>>;
  readonly counts: PartitionCounts;
  readonly limits: Partial<EngineLimits>;
  readonly sessionTimeoutMs: number;
  /** A log on another cluster, for a bank's topic. */
  otherLog(kafka: KafkaSettings, clientId: string): Log;
  close(): Promise<void>;
}

export const channelIds: readonly string[] = channels.map(({ id }) => id);

const openKafka = (kafka: KafkaSettings, clientId: string, logger: Logger): Log =>
  kafkaLog({
    brokers: kafka.brokers,
    clientId,
    client: kafka.client,
    ...(kafka.ssl === undefined ? {} : { ssl: { ...kafka.ssl } }),
    ...(kafka.sasl === undefined ? {} : { sasl: kafka.sasl }),
    replicationFactor: kafka.replicationFactor,
    minInsyncReplicas: kafka.minInsyncReplicas,
    reports: logger,
  });

async function openFolder(folder: string, logger: Logger) {
  // Only where it is used: it brings a store of its own.
  const { FolderTaken, embedded } = await import('@tocsin/embedded');
  return embedded({ folder, onFull: (full) => tellFull(folder, full, logger) }).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof FolderTaken) throw new CannotStart(message, { cause: error });
    if (code === 'EACCES' || code === 'EROFS' || code === 'ENOTDIR' || code === 'EEXIST') {
      throw new CannotStart(`The folder ${folder} cannot be used (${code}): set \`folder\` to another one.`, {
        cause: error,
      });
    }
    throw error;
  });
}

function tellFull(folder: string, full: boolean, logger: Logger): void {
  if (full)
    logger.error(
      'The disk of the embedded storage is full: nothing is acknowledged and nothing is sent. Make space; no restart is needed.',
      { code: 'DISK_FULL', folder },
    );
  else logger.warn('The disk of the embedded storage has space again; everything goes on.', { folder });
}

/** Opens what the settings name. A broker or a Redis that is away delays nothing here: they are waited for when used. @throws CannotStart */
export async function openPlatform(settings: Settings, logger: Logger): Promise<Platform> {
  const { installation, engine } = settings;
  const counts = settings.partitions ?? (settings.storage === 'embedded' ? embeddedPartitions : defaultPartitions);
  const partitions: Record<string, number> = {};
  for (const { name, size } of topicTable(channelIds)) partitions[name] = counts[size];
  const other: Log[] = [];
  const rest = {
    kind: settings.storage,
    installation,
    partitions,
    counts,
    limits: { checkpointMs: engine.checkpointMs, leaseMs: engine.leaseMs, cacheEntries: engine.cacheEntries },
    sessionTimeoutMs: engine.sessionTimeoutMs,
    otherLog(kafka: KafkaSettings, clientId: string): Log {
      const log = openKafka(kafka, clientId, logger);
      other.push(log);
      return log;
    },
  };
  const closeOthers = () => Promise.all(other.map((log) => log.close()));
  if (settings.storage === 'embedded') {
    const opened = await openFolder(settings.folder, logger);
    const { log, state, barriers, buckets, shortTerm } = opened;
    return {
      ...rest,
      log,
      state,
      barriers,
      buckets,
      shortTerm,
      sync: () => opened.sync(),
      close: async () => {
        await closeOthers();
        await opened.close();
      },
    };
  }
  if (settings.kafka === undefined || settings.redis === undefined)
    throw new Error('storage "kafka" needs the settings kafka and redis.');
  const log = openKafka(settings.kafka, settings.kafka.clientId, logger);
  const redis = redisStore({
    installation,
    ...redisAddress(settings.redis),
    replicas: settings.redis.barrierReplicas,
    production: settings.redis.production,
    logger,
  });
  return {
    ...rest,
    log,
    state: redis.state,
    barriers: redis.barriers,
    buckets: redis.buckets,
    shortTerm: redis.shortTerm,
    sync: () => Promise.resolve(),
    close: async () => {
      await closeOthers();
      await log.close();
      await redis.close();
    },
  };
}
