import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokerJars } from './broker-jars.ts';
import { freePorts } from './free-port.ts';
import { startGuarded } from './guarded-process.ts';
import type { GuardedProcess } from './guarded-process.ts';
import { needTool } from './tool.ts';
import { waitUntil } from './wait-until.ts';

export interface KafkaOptions {
  /** Java heap in MiB. Default 256: enough for tests; a bench wants more. */
  readonly heapMb?: number;
  /** Broker settings in addition to, or instead of, those of a small test broker. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Java options instead of those for a quick start (serial collector, first compiler tier). */
  readonly java?: readonly string[];
}

/** An Apache Kafka broker of our own, on a free loopback port, with its data in a temporary folder. */
export interface RunningKafka {
  /** `127.0.0.1:port`; stays the same over `kill` and `restart`. */
  readonly address: string;
  /** Of the present process; changes with `restart`. */
  readonly pid: number;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  /** `kill -9`; the data stay for `restart`. */
  kill(): Promise<void>;
  /** Kills it if it runs, starts it again on the same data and port, and waits until it answers: about 4 s. */
  restart(): Promise<void>;
}

const quickStart = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** What makes a broker small, quick and predictable; also used in a container. */
export const smallBroker: Readonly<Record<string, string | number>> = {
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

const places = (
  port: number,
  controllerPort: number,
  dataFolder: string,
): Readonly<Record<string, string | number>> => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names': 'CONTROLLER',
  'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
  'log.dirs': dataFolder,
});

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

/** Starts a private broker; ready in 2 to 4 s. @throws Error with the broker's last words. */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const java = needTool('java');
  const jars = brokerJars();
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-kafka-'));
  const [port, controllerPort] = (await freePorts(2)) as [number, number];
  const file = join(folder, 'server.properties');
  const all = { ...places(port, controllerPort, join(folder, 'data')), ...smallBroker, ...options.settings };
  writeFileSync(
    file,
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const parameters = [
    `-Xmx${options.heapMb ?? 256}m`,
    ...(options.java ?? quickStart),
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    join(jars, '*'),
  ];
  // Kafka's cluster ids are URL-safe base64; a leading hyphen would read as an option.
  const clusterId = `T${randomBytes(16).toString('base64url').slice(1)}`;
  const format = spawnSync(
    java,
    [...parameters, 'kafka.tools.StorageTool', 'format', '--standalone', '-t', clusterId, '-c', file],
    { encoding: 'utf8' },
  );
  if (format.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(
      `The broker's storage could not be formatted: ${format.error?.message ?? format.stderr.slice(-1000)}`,
    );
  }

  const start = async (): Promise<GuardedProcess> => {
    const broker = startGuarded(java, [...parameters, 'kafka.Kafka', file], {
      outputFile: join(folder, 'broker.out'),
      temporaryFolder: folder,
      cwd: folder,
    });
    try {
      await waitUntil(
        () => `the broker to answer; it said: ${broker.lastWords()}`,
        () => {
          if (!broker.running()) throw new Error(`The broker ended at its start: ${broker.lastWords()}`);
          return kafkaAnswers('127.0.0.1', port);
        },
        { withinMs: 60_000, everyMs: 50 },
      );
    } catch (error) {
      await broker.end('SIGKILL');
      throw error;
    }
    return broker;
  };

  let broker = await start().catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    address: `127.0.0.1:${port}`,
    get pid() {
      return broker.pid;
    },
    kill: () => broker.end('SIGKILL'),
    restart: async () => {
      await broker.end('SIGKILL');
      broker = await start();
    },
    stop: async () => {
      // Nothing is worth an orderly end: the data go with it.
      await broker.end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
