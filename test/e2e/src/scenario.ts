import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { channels } from '@tocsin/channels';
import { deliveryTopic, lanes, topicNames, topicSpecs, topicTable } from '@tocsin/core';
import type { BankRequest, LedgerRow, Log, LogRecord, StaffCase } from '@tocsin/core';
import { kafkaLog } from '@tocsin/kafka';
import { startFakeGraph, startFakeTwilio } from '@tocsin/simulator';
import type { FakeGraph, FakeTwilio, WebhookReply } from '@tocsin/simulator';
import { freePorts, kafkaAddress, redisAddress, uniqueName, waitUntil } from '@tocsin/testing';
import { bankFile } from './bank-records.ts';
import type { BankFile } from './bank-records.ts';
import { alertName, alertProblems } from './checks/alerts.ts';
import type { Problem } from './checks/alerts.ts';
import { ledgerByKey } from './checks/disclosure.ts';
import type { DisclosureInput } from './checks/disclosure.ts';
import { BankApi } from './harness/bank-api.ts';
import { publish } from './harness/kcat.ts';
import { Mailbox } from './harness/mailbox.ts';
import { bringMisfortune } from './harness/misfortunes.ts';
import { say } from './harness/say.ts';
import { Outbox } from './harness/sent.ts';
import type { Sent } from './harness/sent.ts';
import { serviceNames, Services } from './harness/services.ts';
import type { ServiceName } from './harness/services.ts';
import { fakeTemplates, partitions, secrets, settingsOf, tenant } from './harness/settings.ts';
import { greeting, linkMessenger, tellTheGateway, writeToThePage } from './harness/set-up.ts';
import { dump, header, json, lag } from './harness/topics.ts';
import { kindOf } from './harness/words.ts';
import { askOracle } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** Everything that the run left behind, for the checks. */
export interface Evidence {
  readonly file: BankFile;
  readonly verdict: Verdict;
  readonly topic: string;
  readonly bank: readonly LogRecord[];
  readonly rejected: readonly LogRecord[];
  readonly ledger: readonly LedgerRow[];
  readonly requests: readonly { readonly id: string; readonly request: BankRequest }[];
  readonly cases: readonly { readonly id: string; readonly request: StaffCase }[];
  readonly deadLetters: readonly LogRecord[];
  readonly sent: readonly Sent[];
  readonly alerts: readonly Problem[];
  readonly doubtful: number;
  readonly disclosure: DisclosureInput;
  readonly answers: {
    readonly unsigned: WebhookReply;
    readonly afterUnsigned: number;
    readonly signed: readonly WebhookReply[];
  };
  readonly cardsCounted: number;
  /** By place: everything of the product's that could hold a card number. */
  readonly texts: ReadonlyMap<string, string>;
}

export class Scenario {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tocsin-e2e-'));
  readonly #installation = uniqueName('e2e');
  readonly #topic = `${this.#installation}.payments`;
  readonly #log: Log = kafkaLog({ brokers: [kafkaAddress()], clientId: 'e2e' });
  readonly #undo: (() => Promise<void>)[] = [() => this.#log.close()];
  readonly #file = bankFile(7, Date.now());
  readonly #taken: { channel: 'messenger'; to: string; place: number; mayAnswer: boolean }[] = [];
  readonly #history = new Map<string, readonly HistoryEntry[]>();
  #services!: Services;
  #graph!: FakeGraph;
  #twilio!: FakeTwilio;
  #outbox!: Outbox;
  #api!: BankApi;
  #verdict!: Verdict;
  #unknownAlerts: ReadonlySet<string> = new Set();
  #unknownDeliveries = 0;
  #firstEnded = 0;

  async run(): Promise<Evidence> {
    this.#verdict = askOracle(this.#folder, this.#file);
    say(
      `the oracle expects ${this.#verdict.alerts.length} alerts, ${this.#verdict.cases.length} cases and ${this.#verdict.rejected.length} rejections`,
    );
    try {
      await this.#open();
      await this.#meetCustomers();
      await this.#firstFile();
      await this.#takeBack();
      await this.#secondFile();
      const answers = await this.#sayNo();
      const alerts = await this.#allArrived();
      return await this.#evidence(alerts, answers);
    } catch (error) {
      await this.#whereItStands();
      throw error;
    }
  }

  /** For whoever has to find out why the run stopped: which stage is behind, and what each service says of itself. */
  async #whereItStands(): Promise<void> {
    const stages = [
      ['ingest.payments', this.#topic],
      ['detect', topicNames.accountEvents],
      ['alert', topicNames.customerEvents],
      ['directory', topicNames.addresses],
      ...channels.flatMap(({ id }) => lanes.map((lane) => [`deliver.${id}.${lane}`, deliveryTopic(id, lane)] as const)),
    ] as const;
    for (const [stage, topic] of stages) {
      const behind = await lag(this.#log, `${this.#installation}.${stage}`, topic).catch((error: unknown) =>
        String(error),
      );
      say(`${stage} is ${typeof behind === 'string' ? behind : behind.join(' ')} behind`);
    }
    for (const name of serviceNames) {
      const health = await this.#services.health(name);
      const metrics = await this.#services.metrics(name);
      writeFileSync(join(this.#folder, `${name}.metrics`), metrics);
      say(`${name} says: ${health}`);
    }
  }

  /** Ends every process that was started, by its id. */
  async close(keep: boolean): Promise<void> {
    for (const undo of this.#undo.reverse()) await undo();
    if (keep) say(`logs and files of this run are kept in ${this.#folder}`);
    else rmSync(this.#folder, { recursive: true, force: true });
  }

  /* ---- the parts ---- */

  async #open(): Promise<void> {
    const specs = topicSpecs(
      channels.map(({ id }) => id),
      partitions,
    );
    await this.#log.createTopics([...specs, { name: this.#topic, partitions: 8, cleanup: 'delete' }]);
    const ports = await freePorts(serviceNames.length);
    const byName = Object.fromEntries(serviceNames.map((name, i) => [name, ports[i]!])) as Record<ServiceName, number>;
    this.#services = new Services(this.#folder, byName);
    const gatewayUrl = this.#services.url('gateway');
    const { pageId, accessToken, appSecret, accountSid, authToken } = secrets;
    this.#graph = await startFakeGraph({
      pageId,
      accessToken,
      appSecret,
      templates: fakeTemplates,
      webhookUrl: `${gatewayUrl}/webhooks/messenger`,
      reports: ['delivered'],
    });
    this.#twilio = await startFakeTwilio({
      accountSid,
      authToken,
      from: ['+15550100'],
      reports: ['sent', 'delivered'],
    });
    const mailbox = await Mailbox.open();
    this.#undo.push(
      () => this.#graph.stop(),
      () => this.#twilio.stop(),
      () => mailbox.close(),
    );
    this.#outbox = new Outbox(this.#graph, this.#twilio, mailbox, this.#file.setUp.customers);
    const [host, port] = redisAddress().split(':') as [string, string];
    const settings = settingsOf({
      installation: this.#installation,
      broker: kafkaAddress(),
      redis: { host, port: Number(port) },
      gatewayUrl,
      topic: this.#topic,
      graph: this.#graph,
      twilio: this.#twilio,
      smtpPort: mailbox.port,
    });
    this.#undo.push(() => this.#services.stop());
    for (const name of serviceNames) this.#services.configure(name, settings);
    await Promise.all(serviceNames.map((name) => this.#services.start(name)));
    this.#api = new BankApi(gatewayUrl, secrets.apiKey);
    say('five services are ready');
  }

  async #meetCustomers(): Promise<void> {
    const { customers } = this.#file.setUp;
    await tellTheGateway(this.#api, this.#file.setUp);
    say(`${customers.length} customers and ${this.#file.setUp.accounts.length} accounts are set up`);
    await linkMessenger(this.#api, this.#graph, customers);
    await this.#caughtUp('alert', topicNames.customerEvents);
    await this.#caughtUp('directory', topicNames.addresses);
    const greeters = greeting(customers);
    await writeToThePage(this.#graph, greeters);
    const answered = greeters.filter(({ reach }) => reach !== 'unconsented');
    await waitUntil(
      () => `${answered.length} greetings to be answered; ${this.#helped()} were`,
      () => this.#helped() >= answered.length,
      { withinMs: 40_000, everyMs: 500 },
    );
    say(`${greeters.length} customers wrote to the Page, ${answered.length} were answered`);
    bringMisfortune(customers, this.#graph, this.#twilio);
  }

  #helped(): number {
    return this.#outbox.all().filter(({ text, seen }) => seen && kindOf(text) === 'help').length;
  }

  /** In six pieces; after the third detect dies in the middle of its findings, after the fifth deliver in the middle of its sends. */
  async #firstFile(): Promise<void> {
    const lines = this.#file.lines.filter(({ file }) => file === 1);
    const size = Math.ceil(lines.length / 6);
    let crash = Promise.resolve();
    for (let piece = 0; piece < 6; piece++) {
      await crash;
      await publish(kafkaAddress(), this.#topic, lines.slice(piece * size, (piece + 1) * size));
      if (piece === 2) crash = this.#crashWhile('detect', 8);
      else if (piece === 4) crash = this.#crashWhile('deliver', 12);
      else await sleep(400);
    }
    this.#firstEnded = performance.now();
    say(`${lines.length} records were published`);
    await this.#caughtUp('ingest.payments', this.#topic);
    say('ingest has read the first file');
  }

  /** Kills the service as soon as so many further messages have left: then it is busy. */
  async #crashWhile(name: ServiceName, messages: number): Promise<void> {
    const left = (): number => this.#graph.received().length + this.#twilio.received().length;
    const before = left();
    await waitUntil(
      () => `${messages} messages to leave before ${name} is killed; ${left() - before} did`,
      () => left() - before >= messages,
      { withinMs: 60_000, everyMs: 5 },
    );
    await this.#services.crash(name, 500);
  }

  /** Once the first alert of those customers has arrived on Messenger they revoke it by the bank, or write STOP. */
  async #takeBack(): Promise<void> {
    const those = this.#file.setUp.customers.filter(({ reach }) => reach === 'revokes' || reach === 'stops');
    const told = (to: string): boolean =>
      this.#outbox.all().some((one) => one.to === to && one.seen && kindOf(one.text) === 'routine');
    await waitUntil(
      () =>
        `the first alert of customers who then take Messenger back: ${those
          .filter(({ addresses }) => !told(addresses.messenger!))
          .map(({ id }) => id)
          .join(', ')}`,
      () => those.every(({ addresses }) => told(addresses.messenger!)),
      { withinMs: 90_000, everyMs: 250 },
    );
    for (const { id, reach, addresses } of those) {
      const to = addresses.messenger!;
      if (reach === 'revokes') {
        await this.#api.post(`customers/${id}/consents`, {
          changes: [{ channel: 'messenger', purpose: '*', dataClass: '*', action: 'revoke' }],
          source: 'branch',
        });
      } else {
        const { status } = await this.#graph.deliver([this.#graph.events.says(to, 'STOP')]);
        if (status !== 200) throw new Error(`STOP was answered ${status}.`);
      }
      // From this moment on, the answer having been given, nothing may leave there.
      this.#taken.push({
        channel: 'messenger',
        to,
        place: this.#graph.received().length,
        mayAnswer: reach === 'stops',
      });
    }
    say(`${those.length} customers took Messenger back`);
  }

  async #secondFile(): Promise<void> {
    const lines = this.#file.lines.filter(({ file }) => file === 2);
    await sleep(Math.max(0, this.#firstEnded + 5_500 - performance.now()));
    await publish(kafkaAddress(), this.#topic, lines);
    say(
      `${lines.length} records of the second file were published, ${lines.filter(({ partition }) => partition !== undefined).length} of them to a partition of their own`,
    );
  }

  /** Both holders of one account tap NO; before that, somebody who does not know the secret tries. */
  async #sayNo(): Promise<Evidence['answers']> {
    const holders = this.#file.answering.map((id) => this.#file.setUp.customers.find((one) => one.id === id)!);
    const questions = await Promise.all(
      holders.map(({ addresses, id }) =>
        waitUntil(
          `the question to ${id}`,
          () => {
            const question = this.#outbox
              .all()
              .find((one) => one.to === addresses.messenger && one.seen && kindOf(one.text) === 'fraud');
            return (
              question && { to: question.to, payload: question.payloads.find((payload) => payload.endsWith(':N'))! }
            );
          },
          { withinMs: 60_000, everyMs: 250 },
        ),
      ),
    );
    const tap = ({ to, payload }: { to: string; payload: string }): object =>
      this.#graph.events.taps(to, payload, 'No, not me');
    const unsigned = await this.#graph.deliver([tap(questions[0]!)], { unsigned: true });
    await sleep(3_000);
    const afterUnsigned = (await dump(this.#log, topicNames.bankRequests)).length;
    const signed: WebhookReply[] = [];
    for (const question of questions) {
      // Meta delivers a webhook again when it doubts: the same event twice.
      signed.push(await this.#graph.deliver([tap(question)], { times: 2 }));
    }
    const [request] = await waitUntil(
      'a freeze request on bank-requests',
      async () => {
        const requests = await dump(this.#log, topicNames.bankRequests);
        return requests.length > 0 && requests;
      },
      { withinMs: 30_000, everyMs: 250 },
    );
    await sleep(1_000);
    await this.#api.post('bank-answers', { requestId: json<BankRequest>(request!).requestId, answer: 'accepted' });
    await waitUntil(
      'both holders to hear that the card is frozen',
      () => this.#outbox.all().filter(({ text, seen }) => seen && kindOf(text) === 'frozen').length >= holders.length,
      { withinMs: 60_000, everyMs: 250 },
    );
    say('the card is frozen, both holders were told');
    return { unsigned, afterUnsigned, signed };
  }

  /** Looks again and again until nothing is missing, then waits a little for what must not come. */
  async #allArrived(): Promise<readonly Problem[]> {
    const deadline = performance.now() + 120_000;
    let told = '';
    for (;;) {
      const missing = (await this.#problems()).filter((problem) => problem.missing);
      const few = missing
        .slice(0, 4)
        .map(({ alert }) => alert && `${alertName(alert)} (${this.story(alert.customerId, alert.transactionId)})`);
      const line = `${missing.length} alerts have not arrived yet${missing.length === 0 ? '' : `: ${few.join(', ')}`}`;
      if (line !== told) say(line);
      told = line;
      if (missing.length === 0 || performance.now() > deadline) break;
      await sleep(2_000);
    }
    await sleep(8_000);
    return this.#problems();
  }

  async #problems(): Promise<readonly Problem[]> {
    const input = { file: this.#file, verdict: this.#verdict, sent: this.#outbox.all() };
    const first = alertProblems({ ...input, ...(await this.#doubts([])) });
    // What is missing, or arrived twice, may be an attempt that died with its process: the product must say so itself.
    return first.length === 0 ? first : alertProblems({ ...input, ...(await this.#doubts(first)) });
  }

  async #ledger(): Promise<readonly LedgerRow[]> {
    return (await dump(this.#log, topicNames.ledger)).map((record) => json<LedgerRow>(record));
  }

  /** Deliveries whose outcome nobody knows, as the ledger tells. */
  async #doubts(
    problems: readonly Problem[],
  ): Promise<{ unknownKeys: ReadonlySet<string>; unknownAlerts: ReadonlySet<string> }> {
    const ledger = ledgerByKey({ ledger: await this.#ledger(), secret: secrets.installation, tenant });
    const unknown = [...ledger].filter(([, { rows }]) => rows.some(({ outcome }) => outcome === 'unknown'));
    this.#unknownDeliveries = unknown.length;
    const deliveries = new Set(unknown.map(([, { rows }]) => rows[0]!.deliveryId));
    const doubted = new Set<string>();
    const customers = new Set(problems.flatMap(({ alert }) => alert?.customerId ?? []));
    for (const customerId of customers) {
      this.#history.set(customerId, await this.#api.get<readonly HistoryEntry[]>(`customers/${customerId}/alerts`));
      for (const { transactionIds, channels: tries } of this.#history.get(customerId)!) {
        if (!tries.some(({ deliveryId }) => deliveries.has(deliveryId))) continue;
        for (const transactionId of transactionIds) doubted.add(alertName({ customerId, transactionId }));
      }
    }
    this.#unknownAlerts = doubted;
    return { unknownKeys: new Set(unknown.map(([key]) => key)), unknownAlerts: doubted };
  }

  /** The product's own story of an alert, for whoever has to find out why it is missing. */
  story(customerId: string, transactionId: string): string {
    const entry = this.#history.get(customerId)?.find(({ transactionIds }) => transactionIds.includes(transactionId));
    if (entry === undefined) return 'the product knows of no such alert';
    return `${entry.kind} is ${entry.state}; ${entry.channels.map(({ channel, state }) => `${channel}: ${state}`).join(', ') || 'tried on no channel'}`;
  }

  async #caughtUp(stage: string, topic: string): Promise<void> {
    const group = `${this.#installation}.${stage}`;
    let behind = 0;
    await waitUntil(
      () => `${stage} to catch up; it is ${behind} records behind`,
      async () => (behind = (await lag(this.#log, group, topic)).reduce((sum, one) => sum + one)) === 0,
      { withinMs: 120_000, everyMs: 250 },
    );
  }

  async #evidence(alerts: readonly Problem[], answers: Evidence['answers']): Promise<Evidence> {
    const reproduced = await Promise.all(
      (['detect', 'alert', 'deliver'] as const).map((name) =>
        this.#services.metric(name, 'tocsin_records_dropped_total', { reason: 'reproduced' }),
      ),
    );
    say(
      `collecting what the run left behind; ${reproduced.reduce((a, b) => a + b)} records were produced again and dropped, ${this.#unknownDeliveries} deliveries are in doubt`,
    );
    const topics = topicTable(channels.map(({ id }) => id)).map(({ name }) => name);
    const records = new Map<string, readonly LogRecord[]>();
    for (const name of topics) records.set(name, await dump(this.#log, name));
    const of = (name: string): readonly LogRecord[] => records.get(name)!;
    const ledger = of(topicNames.ledger).map((record) => json<LedgerRow>(record));
    const sent = this.#outbox.all();
    const outside = <T>(name: string) =>
      of(name).map((record) => ({ id: header(record, 'ce_id') ?? '', request: json<T>(record) }));
    const texts = new Map<string, string>();
    for (const [name, all] of records)
      texts.set(`topic ${name}`, all.map(({ value }) => Buffer.from(value ?? '').toString('utf8')).join('\n'));
    for (const name of serviceNames) texts.set(`log of ${name}`, readFileSync(this.#services.logFile(name), 'utf8'));
    for (const name of serviceNames) texts.set(`metrics of ${name}`, await this.#services.metrics(name));
    texts.set('messages', sent.map(({ text }) => text).join('\n'));
    return {
      file: this.#file,
      verdict: this.#verdict,
      topic: this.#topic,
      bank: await dump(this.#log, this.#topic),
      rejected: of(topicNames.rejected),
      ledger,
      requests: outside<BankRequest>(topicNames.bankRequests),
      cases: outside<StaffCase>(topicNames.cases),
      deadLetters: of(topicNames.deadLetters),
      sent,
      alerts,
      doubtful: this.#unknownAlerts.size,
      disclosure: { secret: secrets.installation, tenant, sent, ledger, taken: this.#taken },
      answers,
      cardsCounted: await this.#services.metric('ingest', 'tocsin_ingest_warnings_total', { code: 'PAN_IN_FIELD' }),
      texts,
    };
  }
}

interface HistoryEntry {
  readonly kind: string;
  readonly state: string;
  readonly transactionIds: readonly string[];
  readonly channels: readonly { readonly channel: string; readonly deliveryId: string; readonly state: string }[];
}
