import { setTimeout as sleep } from 'node:timers/promises';
import { topicNames } from '@tocsin/core';
import type { LedgerRow, Log } from '@tocsin/core';
import type { BankFile } from '../bank-records.ts';
import { alertName, alertProblems } from '../checks/alerts.ts';
import type { Problem } from '../checks/alerts.ts';
import { ledgerByKey } from '../checks/disclosure.ts';
import type { Verdict } from '../verdict.ts';
import type { BankApi } from './bank-api.ts';
import { say } from './say.ts';
import type { Outbox } from './sent.ts';
import { secrets, tenant } from './settings.ts';
import { dump, json } from './topics.ts';

interface HistoryEntry {
  readonly kind: string;
  readonly state: string;
  readonly transactionIds: readonly string[];
  readonly channels: readonly { readonly channel: string; readonly deliveryId: string; readonly state: string }[];
}

/** Compares what arrived with what must arrive, until nothing is missing any more. */
export class Arrivals {
  readonly #file: BankFile;
  readonly #verdict: Verdict;
  readonly #log: Log;
  readonly #outbox: Outbox;
  readonly #api: BankApi;
  readonly #history = new Map<string, readonly HistoryEntry[]>();
  /** Alerts that a lost process or a lost answer left in doubt, by the product's own words, among those looked at. */
  doubtful: ReadonlySet<string> = new Set();
  /** Deliveries of unknown outcome in the ledger. */
  unknownDeliveries = 0;

  constructor(file: BankFile, verdict: Verdict, log: Log, outbox: Outbox, api: BankApi) {
    this.#file = file;
    this.#verdict = verdict;
    this.#log = log;
    this.#outbox = outbox;
    this.#api = api;
  }

  /** Looks again and again until nothing is missing, then waits a little for what must not come. */
  async all(): Promise<readonly Problem[]> {
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

  /** The product's own story of an alert, for whoever has to find out why it is missing. */
  story(customerId: string, transactionId: string): string {
    const entry = this.#history.get(customerId)?.find(({ transactionIds }) => transactionIds.includes(transactionId));
    if (entry === undefined) return 'the product knows of no such alert';
    const tries = entry.channels.map(({ channel, state }) => `${channel}: ${state}`).join(', ');
    return `${entry.kind} is ${entry.state}; ${tries || 'tried on no channel'}`;
  }

  async #problems(): Promise<readonly Problem[]> {
    const input = { file: this.#file, verdict: this.#verdict, sent: this.#outbox.all() };
    const first = alertProblems({ ...input, ...(await this.#doubts([])) });
    // What is missing, or arrived twice, may be an attempt that died with its process: the product must say so itself.
    return first.length === 0 ? first : alertProblems({ ...input, ...(await this.#doubts(first)) });
  }

  /** Deliveries whose outcome nobody knows, as the ledger tells, and the alerts that they were about. */
  async #doubts(
    problems: readonly Problem[],
  ): Promise<{ unknownKeys: ReadonlySet<string>; unknownAlerts: ReadonlySet<string> }> {
    const rows = (await dump(this.#log, topicNames.ledger)).map((record) => json<LedgerRow>(record));
    const deliveries = [...ledgerByKey({ ledger: rows, secret: secrets.installation, tenant })];
    const unknown = deliveries.filter(([, told]) => told.rows.some(({ outcome }) => outcome === 'unknown'));
    this.unknownDeliveries = unknown.length;
    const ids = new Set(unknown.map(([, told]) => told.rows[0]!.deliveryId));
    const doubted = new Set<string>();
    for (const customerId of new Set(problems.flatMap(({ alert }) => alert?.customerId ?? []))) {
      const history = await this.#api.get<readonly HistoryEntry[]>(`customers/${customerId}/alerts`);
      this.#history.set(customerId, history);
      for (const { transactionIds, channels } of history) {
        if (!channels.some(({ deliveryId }) => ids.has(deliveryId))) continue;
        for (const transactionId of transactionIds) doubted.add(alertName({ customerId, transactionId }));
      }
    }
    this.doubtful = doubted;
    return { unknownKeys: new Set(unknown.map(([key]) => key)), unknownAlerts: doubted };
  }
}
