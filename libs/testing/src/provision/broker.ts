import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { brokerJars } from './broker-jars.ts';
import { startGuarded } from './guarded-process.ts';
import type { GuardedProcess } from './guarded-process.ts';
import { needTool } from './tool.ts';
import { waitUntil } from './wait-until.ts';

/* What one broker is made of, whether it stands alone or in a cluster. */

export type BrokerSettings = Readonly<Record<string, string | number>>;

export const quickStart = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** What makes a broker small, quick and predictable; also used in a container. */
export const smallBroker: BrokerSettings = {
  'auto.create.topics.enable': 'false',
  'num.partitions': 1,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 1,
  'offsets.topic.segment.bytes': 1 << 20,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  // A killed broker may register again only when its old session is over; the default of 9 s would make restarts slow.
  'broker.session.timeout.ms': 2000,
  'broker.heartbeat.interval.ms': 400,
  // The defaults of these are sized for a server and would not fit a small heap.
  'log.cleaner.dedupe.buffer.size': 8 << 20,
  'log.index.size.max.bytes': 1 << 20,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 2,
};

/** A Metadata request, version 1, for no topic; its answer lists the brokers that are ready to serve. */
const metadataRequest = Buffer.from('0000000e' + '0003' + '0001' + '00000007' + 'ffff' + '00000000', 'hex');

/** Does a broker at the address answer, with at least one broker (itself) in service? */
export const kafkaAnswers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const received: Buffer[] = [];
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => done(false));
    socket.on('error', () => done(false));
    socket.on('close', () => done(false));
    socket.on('connect', () => socket.write(metadataRequest));
    socket.on('data', (chunk) => {
      received.push(chunk);
      const all = Buffer.concat(received);
      // Length, correlation id, number of brokers.
      if (all.length >= 12) done(all.readInt32BE(4) === 7 && all.readInt32BE(8) > 0);
    });
  });

/** Kafka's cluster ids are URL-safe base64; a leading hyphen would read as an option. */
export const newClusterId = (): string => `T${randomBytes(16).toString('base64url').slice(1)}`;

export interface BrokerSpec {
  /** Holds `server.properties`, the data and what the broker says. Must exist. */
  readonly folder: string;
  /** Where it must answer before it counts as started. */
  readonly port: number;
  readonly settings: BrokerSettings;
  readonly heapMb?: number | undefined;
  readonly java?: readonly string[] | undefined;
  /** Removed should we die before the broker. */
  readonly temporaryFolder: string;
}

const propertiesOf = ({ folder }: BrokerSpec): string => join(folder, 'server.properties');

const javaParameters = ({ heapMb = 256, java = quickStart }: BrokerSpec): readonly string[] => [
  `-Xmx${heapMb}m`,
  ...java,
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-cp',
  join(brokerJars(), '*'),
];

/** Writes the broker's properties and formats its storage. @throws Error with the tool's last words */
export function formatStorage(spec: BrokerSpec, clusterId: string, parameters: readonly string[] = []): void {
  const file = propertiesOf(spec);
  writeFileSync(
    file,
    Object.entries(spec.settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const format = spawnSync(
    needTool('java'),
    [...javaParameters(spec), 'kafka.tools.StorageTool', 'format', ...parameters, '-t', clusterId, '-c', file],
    { encoding: 'utf8' },
  );
  if (format.status !== 0) {
    throw new Error(
      `The broker's storage could not be formatted: ${format.error?.message ?? format.stderr.slice(-1000)}`,
    );
  }
}

/** Starts a broker on storage that was formatted, and waits until it answers. @throws Error with its last words */
export async function startBroker(spec: BrokerSpec): Promise<GuardedProcess> {
  const { folder, port, temporaryFolder } = spec;
  const broker = startGuarded(needTool('java'), [...javaParameters(spec), 'kafka.Kafka', propertiesOf(spec)], {
    outputFile: join(folder, 'broker.out'),
    temporaryFolder,
    cwd: folder,
  });
  try {
    await waitUntil(
      () => `the broker to answer; it said: ${broker.lastWords()}`,
      () => {
        if (!broker.running()) throw new Error(`The broker ended at its start: ${broker.lastWords()}`);
        return kafkaAnswers('127.0.0.1', port);
      },
      { withinMs: 180_000, everyMs: 50 },
    );
  } catch (error) {
    await broker.end('SIGKILL');
    throw error;
  }
  return broker;
}
