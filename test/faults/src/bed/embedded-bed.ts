import { join } from 'node:path';
import { channels } from '@tocsin/channels';
import { topicSpecs } from '@tocsin/core';
import type { Log } from '@tocsin/core';
import { embedded } from '@tocsin/embedded';
import { kafkaLog } from '@tocsin/kafka';
import { ServiceProcess, partitions, tenant } from '@tocsin/test-e2e';
import { quietPorts, smallDisk, startKafka } from '@tocsin/testing';
import type { SmallDisk } from '@tocsin/testing';
import { Feeder } from '../bank/feeder.ts';
import { Rubbish } from '../bank/rubbish.ts';
import { Ground, bankPartitions, bankTopic } from './ground.ts';

const rubbishTopic = 'bank.rubbish';
const rubbishPartitions = 16;

/** What a campaign of a quarter of an hour needs, and a little more: the file of the storage never shrinks. */
export const diskBytes = 1024 * 1024 * 1024;

/**
 * The whole product in one process, on its embedded storage, on a disk of its own that can be filled. Only the bank has a
 * broker; the product reads its topic there.
 */
export class EmbeddedBed extends Ground {
  disk!: SmallDisk;
  process!: ServiceProcess;
  rubbish!: Rubbish;

  get #store(): string {
    return join(this.disk.folder, 'store');
  }

  async open(): Promise<void> {
    this.disk = smallDisk(diskBytes);
    this.undo.push(() => this.disk.remove());
    const broker = await startKafka({ heapMb: 320 });
    this.undo.push(() => broker.stop());
    this.bank = kafkaLog({ brokers: [broker.address], clientId: 'campaign-watch' });
    this.undo.push(() => this.bank.close());
    await this.bank.createTopics([
      { name: bankTopic, partitions: bankPartitions, cleanup: 'delete' },
      { name: rubbishTopic, partitions: rubbishPartitions, cleanup: 'delete' },
    ]);
    const [port, relayPort] = (await quietPorts(2)) as [number, number];
    this.process = new ServiceProcess('tocsin', this.folder, port);
    await this.openOutside(relayPort, [this.process.url]);
    const { kafka: _, redis: __, ...settings } = this.settings();
    const { client } = this.options;
    const kafka = { brokers: [broker.address], ...(client === undefined ? {} : { client }) };
    this.process.configure({
      ...settings,
      storage: 'embedded',
      folder: this.#store,
      sources: [
        { name: 'payments', topic: bankTopic, tenant, startAt: 'earliest', kafka },
        { name: 'rubbish', topic: rubbishTopic, tenant, startAt: 'earliest', kafka },
      ],
    });
    this.undo.push(() => this.process.end('SIGKILL'));
    this.bankBrokers = [broker.address];
    this.feeder = new Feeder([broker.address], bankTopic, this.workload, this.options.rate);
    this.rubbish = new Rubbish([broker.address], rubbishTopic);
    this.undo.push(
      () => this.feeder.kill(),
      () => this.rubbish.kill(),
    );
    const ids = channels.map(({ id }) => id);
    await this.#alone((log) => log.createTopics(topicSpecs(ids, partitions)));
  }

  async startServices(): Promise<string> {
    this.process.launch();
    await this.process.ready(120_000);
    return 'all five services are ready, in one process';
  }

  async mend(): Promise<void> {
    this.disk.free();
    this.graph.clearScript();
    this.twilio.clearScript();
    if (!this.process.running) await this.process.start();
  }

  /** One process at a time may have the store, so the product ends for a moment. */
  async withLog<T>(read: (log: Log) => Promise<T>): Promise<T> {
    await this.process.end('SIGTERM');
    const found = await this.#alone(read);
    await this.startServices();
    return found;
  }

  async #alone<T>(act: (log: Log) => Promise<T>): Promise<T> {
    const store = await embedded({ folder: this.#store });
    try {
      return await act(store.log);
    } finally {
      await store.close();
    }
  }
}
