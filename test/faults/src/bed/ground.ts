import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@tocsin/core';
import { startFakeGraph, startFakeTwilio } from '@tocsin/simulator';
import type { FakeGraph, FakeTwilio } from '@tocsin/simulator';
import { BankApi, Mailbox, Outbox, fakeTemplates, secrets, settingsOf } from '@tocsin/test-e2e';
import type { Feeder } from '../bank/feeder.ts';
import type { Workload } from '../bank/workload.ts';
import type { CampaignOptions } from '../options.ts';
import { Relay } from './relay.ts';

export const bankTopic = 'bank.payments';
export const bankPartitions = 8;
export const installation = 'campaign';

/** What every campaign stands on, wherever the product keeps its logs and states: a bank, and providers that misbehave. */
export abstract class Ground {
  readonly folder = mkdtempSync(join(tmpdir(), 'tocsin-faults-'));
  readonly options: CampaignOptions;
  readonly workload: Workload;
  graph!: FakeGraph;
  twilio!: FakeTwilio;
  mailbox!: Mailbox;
  relay!: Relay;
  api!: BankApi;
  outbox!: Outbox;
  feeder!: Feeder;
  /** Where the bank writes; past all proxies. */
  bank!: Log;
  bankBrokers!: readonly string[];
  /** In the order of opening; closed in the other one. */
  protected readonly undo: (() => Promise<void> | void)[] = [];

  constructor(options: CampaignOptions, workload: Workload) {
    this.options = options;
    this.workload = workload;
  }

  abstract open(): Promise<void>;
  /** Resolves with what runs now. */
  abstract startServices(): Promise<string>;
  /** From now on all stages run on the broken engine, where one was asked for. */
  breakEngines(): Promise<void> {
    return Promise.resolve();
  }
  /** Everything that is spoiled is mended. */
  abstract mend(): Promise<void>;
  /** Lends the product's own logs to somebody who reads them. */
  abstract withLog<T>(read: (log: Log) => Promise<T>): Promise<T>;

  /** The providers, and the way from them to the gateways. */
  protected async openOutside(relayPort: number, gateways: readonly string[]): Promise<void> {
    this.relay = await Relay.open(relayPort, gateways);
    this.undo.push(() => this.relay.close());
    const { pageId, accessToken, appSecret, accountSid, authToken } = secrets;
    this.graph = await startFakeGraph({
      pageId,
      accessToken,
      appSecret,
      templates: fakeTemplates,
      webhookUrl: `${this.relay.url}/webhooks/messenger`,
      reports: ['delivered'],
    });
    this.twilio = await startFakeTwilio({
      accountSid,
      authToken,
      from: ['+15550100'],
      reports: ['sent', 'delivered'],
    });
    this.mailbox = await Mailbox.open();
    this.undo.push(
      () => this.graph.stop(),
      () => this.twilio.stop(),
      () => this.mailbox.close(),
    );
    this.outbox = new Outbox(this.graph, this.twilio, this.mailbox, this.workload.setUp.customers);
    this.api = new BankApi(this.relay.url, secrets.apiKey);
  }

  /** What the services of both kinds of installation are told; Kafka and Redis are not in it yet. */
  protected settings(): Record<string, object> {
    const { relay, graph, twilio, mailbox } = this;
    const places = { installation, broker: '', redis: { host: '127.0.0.1', port: 0 }, topic: bankTopic };
    const all = settingsOf({ ...places, gatewayUrl: relay.url, graph, twilio, smtpPort: mailbox.port });
    return { ...(all as Record<string, object>), deliver: { timeoutMs: 5_000 } };
  }

  async close(keep: boolean): Promise<void> {
    for (const undo of this.undo.reverse()) {
      await Promise.resolve(undo()).catch((error: unknown) => process.stderr.write(`closing: ${String(error)}\n`));
    }
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }
}
