import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatStorage, newClusterId, smallBroker, startBroker } from './broker.ts';
import type { BrokerSpec } from './broker.ts';
import type { GuardedProcess } from './guarded-process.ts';
import { quietPorts } from './quiet-ports.ts';
import type { KafkaOptions } from './start-kafka.ts';

export interface KafkaClusterOptions extends KafkaOptions {
  /** Nodes, each broker and controller at once. With three: replication 3, at least 2 in sync. */
  readonly brokers: number;
  /**
   * Further ways in: by name, the port that each broker tells clients that came this way. Who stands there (a proxy) passes
   * them on to `door`. So each client can have a network of its own.
   */
  readonly doors?: Readonly<Record<string, readonly number[]>>;
}

export interface ClusterBroker {
  /** `127.0.0.1:port`, past all doors. */
  readonly address: string;
  readonly pid: number;
  running(): boolean;
  /** The port behind a door. */
  door(name: string): number;
  kill(): Promise<void>;
  /** Starts it again on the same data and ports, and waits until it answers. */
  restart(): Promise<void>;
}

export interface RunningKafkaCluster {
  readonly brokers: readonly ClusterBroker[];
  readonly addresses: readonly string[];
  /** Index of the node that leads the quorum of controllers, as the nodes' own files tell. */
  controller(): number | undefined;
  stop(): Promise<void>;
}

/** Starts brokers in combined mode. @throws Error with a broker's last words */
export async function startKafkaCluster(options: KafkaClusterOptions): Promise<RunningKafkaCluster> {
  const { brokers: count, doors = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-cluster-'));
  const doorNames = Object.keys(doors);
  const perBroker = 2 + doorNames.length;
  const ports = await quietPorts(count * perBroker);
  const portOf = (broker: number, place: number): number => ports[broker * perBroker + place]!;
  const voters = Array.from({ length: count }, (_, i) => `${i + 1}@127.0.0.1:${portOf(i, 1)}`).join();
  const replicas = Math.min(3, count);
  const inSync = replicas === 3 ? 2 : 1;
  const specs = Array.from({ length: count }, (_, i): BrokerSpec => {
    const own = join(folder, `broker-${i + 1}`);
    mkdirSync(own);
    const listener = (name: string, port: number): string => `${name}://127.0.0.1:${port}`;
    return {
      folder: own,
      port: portOf(i, 0),
      temporaryFolder: folder,
      heapMb: options.heapMb,
      java: options.java,
      settings: {
        'process.roles': 'broker,controller',
        'node.id': i + 1,
        'controller.quorum.voters': voters,
        'controller.listener.names': 'CONTROLLER',
        'inter.broker.listener.name': 'PLAINTEXT',
        listeners: [
          listener('PLAINTEXT', portOf(i, 0)),
          listener('CONTROLLER', portOf(i, 1)),
          ...doorNames.map((name, d) => listener(name, portOf(i, 2 + d))),
        ].join(),
        'advertised.listeners': [
          listener('PLAINTEXT', portOf(i, 0)),
          ...doorNames.map((name) => listener(name, doors[name]![i]!)),
        ].join(),
        'listener.security.protocol.map': ['PLAINTEXT', 'CONTROLLER', ...doorNames]
          .map((name) => `${name}:PLAINTEXT`)
          .join(),
        'log.dirs': join(own, 'data'),
        ...smallBroker,
        'default.replication.factor': replicas,
        'min.insync.replicas': inSync,
        'offsets.topic.replication.factor': replicas,
        'num.network.threads': 1,
        ...options.settings,
      },
    };
  });
  const running: GuardedProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((broker) => broker.end('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const clusterId = newClusterId();
    for (const spec of specs) formatStorage(spec, clusterId);
    const started = await Promise.allSettled(
      specs.map(async (spec, i) => {
        running[i] = await startBroker(spec);
      }),
    );
    for (const one of started) if (one.status === 'rejected') throw one.reason;
  } catch (error) {
    await stop();
    throw error;
  }
  const brokers = specs.map((spec, i): ClusterBroker => ({
    address: `127.0.0.1:${spec.port}`,
    get pid() {
      return running[i]!.pid;
    },
    running: () => running[i]!.running(),
    door: (name) => portOf(i, 2 + doorNames.indexOf(name)),
    kill: () => running[i]!.end('SIGKILL'),
    restart: async () => {
      await running[i]!.end('SIGKILL');
      running[i] = await startBroker(spec);
    },
  }));
  return {
    brokers,
    addresses: brokers.map(({ address }) => address),
    controller: () => controllerOf(specs),
    stop,
  };
}

/** Each node writes down the newest leader of the quorum that it has heard of. */
function controllerOf(specs: readonly BrokerSpec[]): number | undefined {
  let newest: { readonly leaderId: number; readonly leaderEpoch: number } | undefined;
  for (const { folder } of specs) {
    try {
      const file = join(folder, 'data', '__cluster_metadata-0', 'quorum-state');
      const state = JSON.parse(readFileSync(file, 'utf8')) as { leaderId: number; leaderEpoch: number };
      if (state.leaderId > 0 && state.leaderEpoch > (newest?.leaderEpoch ?? -1)) newest = state;
    } catch {
      // Not written yet, or just being written.
    }
  }
  return newest === undefined ? undefined : newest.leaderId - 1;
}
