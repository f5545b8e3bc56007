import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { channels } from '@tocsin/channels';
import { topicNames, topicSpecs } from '@tocsin/core';
import type { BankRequest, Log } from '@tocsin/core';
import { kafkaLog } from '@tocsin/kafka';
import { startFakeGraph, startFakeTwilio } from '@tocsin/simulator';
import type { FakeGraph, FakeTwilio, WebhookReply } from '@tocsin/simulator';
import { freePorts, kafkaAddress, redisAddress, uniqueName, waitUntil } from '@tocsin/testing';
import { bankFile } from './bank-records.ts';
import type { Problem } from './checks/alerts.ts';
import { collectEvidence } from './evidence.ts';
import type { Answers, Evidence } from './evidence.ts';
import { Arrivals } from './harness/arrivals.ts';
import { BankApi } from './harness/bank-api.ts';
import { publish } from './harness/kcat.ts';
import { Mailbox } from './harness/mailbox.ts';
import { bringMisfortune } from './harness/misfortunes.ts';
import { say } from './harness/say.ts';
import { Outbox } from './harness/sent.ts';
import { serviceNames, Services } from './harness/services.ts';
import type { ServiceName } from './harness/services.ts';
import { fakeTemplates, partitions, secrets, settingsOf } from './harness/settings.ts';
import { greeting, linkMessenger, tellTheGateway, writeToThePage } from './harness/set-up.ts';
import { Stages } from './harness/stages.ts';
import { dump, json } from './harness/topics.ts';
import { kindOf } from './harness/words.ts';
import { askOracle } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** One run of the whole product, from the oracle's verdict to what is left behind. */
export class Scenario {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tocsin-e2e-'));
  readonly #installation = uniqueName('e2e');
  readonly #topic = `${this.#installation}.payments`;
  readonly #log: Log = kafkaLog({ brokers: [kafkaAddress()], clientId: 'e2e' });
  readonly #undo: (() => Promise<void>)[] = [() => this.#log.close()];
  readonly #file = bankFile(7, Date.now());
  readonly #taken: { channel: 'messenger'; to: string; place: number; mayAnswer: boolean }[] = [];
  readonly #stages = new Stages(this.#log, this.#installation, this.#topic);
  #services: Services | undefined;
  #arrivals!: Arrivals;
  #graph!: FakeGraph;
  #twilio!: FakeTwilio;
  #outbox!: Outbox;
  #api!: BankApi;
  #verdict!: Verdict;
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
      return await this.#evidence(await this.#arrivals.all(), answers);
    } catch (error) {
      if (this.#services !== undefined) await this.#stages.tell(this.#services, this.#folder);
      throw error;
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
    const services = new Services(this.#folder, byName);
    this.#services = services;
    const gatewayUrl = services.url('gateway');
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
    this.#undo.push(() => services.stop());
    for (const name of serviceNames) services.configure(name, settings);
    await Promise.all(serviceNames.map((name) => services.start(name)));
    this.#api = new BankApi(gatewayUrl, secrets.apiKey);
    this.#arrivals = new Arrivals(this.#file, this.#verdict, this.#log, this.#outbox, this.#api);
    say('five services are ready');
  }

  async #meetCustomers(): Promise<void> {
    const { customers } = this.#file.setUp;
    await tellTheGateway(this.#api, this.#file.setUp);
    say(`${customers.length} customers and ${this.#file.setUp.accounts.length} accounts are set up`);
    await linkMessenger(this.#api, this.#graph, customers);
    await this.#stages.caughtUp('alert');
    await this.#stages.caughtUp('directory');
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
    await this.#stages.caughtUp('ingest.payments');
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
    await this.#services!.crash(name, 500);
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
  async #sayNo(): Promise<Answers> {
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
    const caused = async (): Promise<number> => {
      const records = await dump(this.#log, topicNames.customerEvents);
      const replies = records.filter((record) => json<{ type: string }>(record).type === 'reply');
      return replies.length + (await dump(this.#log, topicNames.bankRequests)).length;
    };
    const before = await caused();
    const unsigned = await this.#graph.deliver([tap(questions[0]!)], { unsigned: true });
    await sleep(3_000);
    const afterUnsigned = (await caused()) - before;
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

  /** The product's own story of an alert. */
  story(customerId: string, transactionId: string): string {
    return this.#arrivals.story(customerId, transactionId);
  }

  async #evidence(alerts: readonly Problem[], answers: Answers): Promise<Evidence> {
    let reproduced = 0;
    for (const name of ['detect', 'alert', 'deliver'] as const) {
      reproduced += await this.#services!.metric(name, 'tocsin_records_dropped_total', { reason: 'reproduced' });
    }
    say(
      `${reproduced} records were produced again and dropped, ${this.#arrivals.unknownDeliveries} deliveries are in doubt`,
    );
    const known = {
      file: this.#file,
      verdict: this.#verdict,
      topic: this.#topic,
      sent: this.#outbox.all(),
      alerts,
      answers,
    };
    const doubtful = this.#arrivals.doubtful.size;
    return collectEvidence(this.#log, this.#services!, { ...known, doubtful }, this.#taken);
  }
}
