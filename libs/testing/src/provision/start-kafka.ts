import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatStorage, newClusterId, smallBroker, startBroker } from './broker.ts';
import type { BrokerSettings } from './broker.ts';
import { freePorts } from './free-port.ts';

export { kafkaAnswers, smallBroker } from './broker.ts';

export interface KafkaOptions {
  /** Java heap in MiB. Default 256: enough for tests; a bench wants more. */
  readonly heapMb?: number;
  /** Broker settings in addition to, or instead of, those of a small test broker. */
  readonly settings?: BrokerSettings;
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

const places = (port: number, controllerPort: number, dataFolder: string): BrokerSettings => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names': 'CONTROLLER',
  'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
  'log.dirs': dataFolder,
});

/** Starts a private broker; ready in 2 to 4 s. @throws Error with the broker's last words. */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-kafka-'));
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  const [port, controllerPort] = (await freePorts(2)) as [number, number];
  const spec = {
    folder,
    port,
    temporaryFolder: folder,
    heapMb: options.heapMb,
    java: options.java,
    settings: { ...places(port, controllerPort, join(folder, 'data')), ...smallBroker, ...options.settings },
  };
  let broker = await Promise.resolve()
    .then(() => formatStorage(spec, newClusterId(), ['--standalone']))
    .then(() => startBroker(spec))
    .catch((error: unknown) => {
      clear();
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
      broker = await startBroker(spec);
    },
    stop: async () => {
      // Nothing is worth an orderly end: the data go with it.
      await broker.end('SIGKILL');
      clear();
    },
  };
}
