import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { channels } from '@tocsin/channels';
import { topicSpecs } from '@tocsin/core';
import type { Log, StateStore } from '@tocsin/core';
import { kafkaLog } from '@tocsin/kafka';
import { redisStore } from '@tocsin/redis';
import { ServiceProcess, partitions, serviceNames } from '@tocsin/test-e2e';
import type { ServiceName } from '@tocsin/test-e2e';
import { quietPorts, startKafkaCluster } from '@tocsin/testing';
import type { RunningKafkaCluster } from '@tocsin/testing';
import { Feeder } from '../bank/feeder.ts';
import { brokenEngines, shiftedClock } from '../preload/index.ts';
import { Ground, bankPartitions, bankTopic, installation } from './ground.ts';
import { RedisPair } from './redis-pair.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** Where it stands by how much the wall clock of an instance is off. */
export const clockFile = (folder: string, label: string): string => join(folder, `${label}.clock`);

/** One instance of a service, with a network of its own. */
export interface Instance {
  readonly process: ServiceProcess;
  readonly name: ServiceName;
  readonly label: string;
  /** To each broker. */
  readonly kafka: readonly TcpProxy[];
  readonly redis: TcpProxy;
  /** Modules that each start of it loads first. */
  preloads: string[];
}

/** The product as a bank runs it: brokers, Redis and its replica, two instances of each service. */
export class Bed extends Ground {
  cluster!: RunningKafkaCluster;
  redis!: RedisPair;
  /** Past all proxies: for whoever watches. */
  log!: Log;
  state!: StateStore;
  instances: readonly Instance[] = [];

  of(name: ServiceName): readonly Instance[] {
    return this.instances.filter((instance) => instance.name === name);
  }

  async open(): Promise<void> {
    // Services are started a hundred times: they need not compile everything anew each time.
    process.env['NODE_COMPILE_CACHE'] ??= join(this.folder, 'compiled');
    const labels = serviceNames.flatMap((name) => ['a', 'b'].map((which) => ({ name, label: `${name}-${which}` })));
    const doors: Record<string, TcpProxy[]> = {};
    for (const [i] of labels.entries()) {
      const ports = await quietPorts(this.options.brokers);
      doors[`DOOR${i}`] = await Promise.all(ports.map((port) => TcpProxy.open(port)));
    }
    this.undo.push(() =>
      Promise.all(Object.values(doors).flatMap((all) => all.map((one) => one.close()))).then(() => {}),
    );
    const [cluster, redis] = await Promise.all([this.#kafka(doors), RedisPair.open()]);
    this.cluster = cluster;
    this.redis = redis;
    this.undo.push(
      () => cluster.stop(),
      () => redis.close(),
    );
    for (const [name, all] of Object.entries(doors)) {
      all.forEach((proxy, i) => proxy.lead(cluster.brokers[i]!.door(name)));
    }
    await redis.whole();
    const replicas = this.options.brokers === 3 ? { replicationFactor: 3, minInsyncReplicas: 2 } : {};
    this.log = this.bank = kafkaLog({ brokers: [...cluster.addresses], clientId: 'campaign-watch', ...replicas });
    this.undo.push(() => this.log.close());
    const address = { host: '127.0.0.1', port: (await redis.door()).port };
    const store = redisStore({ installation, redis: address });
    this.state = store.state;
    this.undo.push(() => store.close());
    const ids = channels.map(({ id }) => id);
    await this.log.createTopics([
      ...topicSpecs(ids, partitions),
      { name: bankTopic, partitions: bankPartitions, cleanup: 'delete' },
    ]);
    await this.#outside(labels, doors);
    this.bankBrokers = cluster.addresses;
    this.feeder = new Feeder(cluster.addresses, bankTopic, this.workload, this.options.rate);
    this.undo.push(() => this.feeder.kill());
  }

  #kafka(doors: Readonly<Record<string, readonly TcpProxy[]>>): Promise<RunningKafkaCluster> {
    const ports = Object.entries(doors).map(([name, all]) => [name, all.map(({ port }) => port)] as const);
    return startKafkaCluster({ brokers: this.options.brokers, doors: Object.fromEntries(ports), heapMb: 320 });
  }

  async #outside(
    labels: readonly { readonly name: ServiceName; readonly label: string }[],
    doors: Readonly<Record<string, readonly TcpProxy[]>>,
  ): Promise<void> {
    const ports = await quietPorts(labels.length + 1);
    const processes = labels.map(({ name, label }, i) => {
      return { name, label, process: new ServiceProcess(name, this.folder, ports[i]!, label) };
    });
    const gateways = processes.filter(({ name }) => name === 'gateway').map(({ process }) => process.url);
    await this.openOutside(ports.at(-1)!, gateways);
    const instances: Instance[] = [];
    for (const [i, { process, name, label }] of processes.entries()) {
      const own = { kafka: doors[`DOOR${i}`]!, redis: await this.redis.door() };
      const brokers = own.kafka.map(({ port }) => `127.0.0.1:${port}`);
      process.configure(this.#placed(brokers, own.redis));
      const preloads = [shiftedClock(clockFile(this.folder, label))];
      instances.push({ ...own, process, name, label, preloads });
    }
    this.instances = instances;
    this.undo.push(async () => {
      await Promise.all(instances.map(({ process }) => process.end('SIGKILL')));
    });
  }

  /** One more instance of a service, on the direct way to Kafka; it is not among `instances`, and runs once it is started. */
  async further(name: ServiceName, which: string): Promise<Instance> {
    const [port] = await quietPorts(1);
    const label = `${name}-${which}`;
    const process = new ServiceProcess(name, this.folder, port!, label);
    const redis = await this.redis.door();
    process.configure(this.#placed(this.cluster.addresses, redis));
    this.undo.push(() => process.end('SIGKILL'));
    return { process, name, label, kafka: [], redis, preloads: [] };
  }

  #placed(addresses: readonly string[], redis: TcpProxy): object {
    const base = this.settings();
    const { brokers, client } = this.options;
    return {
      ...base,
      kafka: {
        ...base['kafka'],
        brokers: addresses,
        ...(brokers === 3 ? { replicationFactor: 3, minInsyncReplicas: 2 } : {}),
        ...(client === undefined ? {} : { client }),
      },
      redis: { host: '127.0.0.1', port: redis.port, barrierReplicas: 1 },
    };
  }

  /** Patient: on a machine that does other things too, ten services need their time. */
  async startServices(): Promise<string> {
    for (const { process, preloads } of this.instances) process.launch(preloads);
    await Promise.all(this.instances.map(({ process }) => process.ready(240_000)));
    return `${this.instances.length} instances of five services are ready`;
  }

  /** Only now: at its first start the product's own witness would stop an engine that is not fenced. */
  override async breakEngines(): Promise<void> {
    const broken = brokenEngines[this.options.broken ?? ''];
    if (broken === undefined) return;
    const stages = this.instances.filter(({ name }) => name !== 'gateway');
    await Promise.all(stages.map(({ process }) => process.end('SIGTERM')));
    for (const { process, preloads } of stages) {
      preloads.push(broken);
      process.launch(preloads);
    }
    await Promise.all(stages.map(({ process }) => process.ready(240_000)));
  }

  withLog<T>(read: (log: Log) => Promise<T>): Promise<T> {
    return read(this.log);
  }

  /** Everything that is spoiled is mended: whoever is frozen goes on, whoever is away comes back, all networks are fair. */
  async mend(): Promise<void> {
    for (const { process, kafka, redis, label } of this.instances) {
      writeFileSync(clockFile(this.folder, label), '0');
      if (process.frozen) process.thaw();
      for (const proxy of [...kafka, redis]) proxy.weather = { kind: 'fair' };
    }
    this.graph.clearScript();
    this.twilio.clearScript();
    for (const broker of this.cluster.brokers) if (!broker.running()) await broker.restart();
    for (const instance of this.instances) {
      if (!instance.process.running) await instance.process.start(instance.preloads);
    }
  }
}
