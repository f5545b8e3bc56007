import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { consoleFolder } from '@tocsin/console';
import { topicNames, topicSpecs } from '@tocsin/core';
import type { BankRequest, FindingRecord, LedgerRow } from '@tocsin/core';
import { openLogger } from '@tocsin/nest';
import {
  channelIds,
  keyedDigest,
  openPlatform,
  providerKey,
  readSettings,
  serviceNames,
  start,
  urlAt,
} from '@tocsin/services';
import type { Running } from '@tocsin/services';
import { startFakeGraph, startFakeTwilio } from '@tocsin/simulator';
import { stringify } from 'yaml';
import { Actions } from './actions.ts';
import { BankClient } from './bank-client.ts';
import { DemoActions, DemoController } from './demo.controller.ts';
import { DemoHub } from './demo-hub.ts';
import { demoConfiguration, demoWorld } from './demo-settings.ts';
import { SimulatedBank } from './simulated-bank.ts';
import { SimulatedPhone } from './simulated-phone.ts';
import { publishLines } from '../publish-lines.ts';
import { tail } from './tail.ts';
import { terminalLine } from './terminal.ts';

export interface DemoOptions {
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  /** Milliseconds from one ordinary payment to the next. */
  readonly everyMs?: number;
  readonly firstFraudMs?: number;
  readonly fraudEveryMs?: number;
  readonly say: (line: string) => void;
}

export interface Demo {
  readonly url: string;
  readonly hub: DemoHub;
  readonly actions: DemoActions;
  close(): Promise<void>;
}

/** Everything in one process: the services on embedded storage, a simulated bank, its desk, and a customer's phone. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { folder, host, port, say } = options;
  const { world, secret } = demoWorld(folder);
  const url = urlAt(host, port);
  const hub = new DemoHub();
  const graph = await startFakeGraph({
    pageId: world.pageId,
    accessToken: world.pageToken,
    appSecret: world.appSecret,
    webhookUrl: `${url}/webhooks/messenger`,
    reports: ['delivered'],
  });
  const sms = await startFakeTwilio({
    accountSid: world.smsAccount,
    authToken: world.smsToken,
    from: [world.sender],
    reports: ['sent', 'delivered'],
  });
  const configuration = demoConfiguration({ world, secret, folder, port, host, graphUrl: graph.url, smsUrl: sms.url });
  const text = stringify(configuration);
  // So that the other verbs (doctor, rejected, ledger …) find the same installation.
  writeFileSync(join(folder, 'tocsin.yaml'), text, { mode: 0o600 });
  const settings = readSettings(text, {});
  const logger = openLogger('tocsin', settings.logLevel);

  const platform = await openPlatform(settings, logger);
  await platform.log.createTopics([
    ...topicSpecs(channelIds, platform.counts),
    { name: world.bankTopic, partitions: 4, cleanup: 'delete', retentionMs: 7 * 86_400_000 },
    { name: world.answersTopic, partitions: 1, cleanup: 'delete', retentionMs: 7 * 86_400_000 },
  ]);

  const phone = new SimulatedPhone({ graph, sms, hub, demo: world, url });
  const bankApi = new BankClient(url, world.apiKey);
  const actions = new Actions(phone, bankApi, hub, world, (lines) =>
    publishLines(platform.log, world.bankTopic, lines),
  );
  const running: Running = await start({
    settings,
    services: serviceNames,
    logger,
    platform,
    gateway: {
      controllers: [DemoController],
      providers: [
        { provide: DemoHub, useValue: hub },
        { provide: DemoActions, useValue: actions },
      ],
    },
    prepare: async (app) => {
      app.useStaticAssets({ root: consoleFolder, prefix: '/', decorateReply: false });
      await Promise.resolve();
    },
  });
  const bank = new SimulatedBank({ log: platform.log, hub, demo: world, now: Date.now() });
  const tails = await Promise.all([
    tail(platform.log, 'demo.findings', topicNames.customerEvents, (value) => showFinding(hub, value)),
    tail(platform.log, 'demo.requests', topicNames.bankRequests, (value) => {
      const request = value as BankRequest;
      hub.emit({
        type: 'request',
        requestId: request.requestId,
        account: request.accountId === world.accountId ? 'Ana' : request.accountId,
        reason: request.reason,
        at: Date.now(),
      });
      bank.freeze(request);
    }),
    tail(platform.log, 'demo.ledger', topicNames.ledger, (value) => showDisclosure(hub, secret, value)),
  ]);
  const terminal = hub.events.subscribe((event) => {
    const line = terminalLine(event);
    if (line !== null) say(line);
  });

  await actions.setUp();
  phone.start();
  await bank.start({
    everyMs: options.everyMs ?? 900,
    firstFraudMs: options.firstFraudMs ?? 8_000,
    fraudEveryMs: options.fraudEveryMs ?? 45_000,
  });
  return {
    url: running.url,
    hub,
    actions,
    async close() {
      terminal.unsubscribe();
      bank.stop();
      phone.stop();
      for (const subscription of tails) await subscription.close();
      await running.close();
      await graph.stop();
      await sms.stop();
    },
  };
}

/** Lets a person answer from the terminal: a line is a message on the channel that was last used. */
export function answerFromTerminal(demo: Demo): () => void {
  let channel: 'messenger' | 'sms' = 'messenger';
  const watching = demo.hub.events.subscribe((event) => {
    if (event.type === 'message' && (event.channel === 'messenger' || event.channel === 'sms')) channel = event.channel;
  });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line.trim() !== '') void demo.actions.reply(channel, line.trim());
  });
  return () => {
    watching.unsubscribe();
    lines.close();
  };
}

function showFinding(hub: DemoHub, value: unknown): void {
  const finding = value as FindingRecord;
  if (finding.type !== 'finding' || finding.fired.length === 0) return;
  const evidence = finding.fired.map(({ rule, summary }) => ({ rule, summary }));
  hub.emit({ type: 'finding', transactionId: finding.transaction.id, score: finding.score, evidence });
}

function showDisclosure(hub: DemoHub, secret: string, value: unknown): void {
  const row = value as LedgerRow;
  if (row.type !== 'disclosure' || row.outcome !== 'possible') return;
  const { fields, provider, purpose, ground } = row.disclosure;
  const on = ground.kind === 'consent' ? 'the customer’s consent' : `legal basis: ${ground.basis}`;
  hub.emit({
    type: 'disclosure',
    key: providerKey(keyedDigest(secret), row.tenantId, row.deliveryId),
    fields,
    provider,
    purpose,
    ground: on,
  });
}

export const demoFolder = (folder: string | undefined): string => folder ?? join(process.cwd(), 'data', 'demo');
