import { partitionOf } from '@tocsin/core';
import type { BankRequest, Log } from '@tocsin/core';
import { World, episodes } from '@tocsin/simulator';
import type { BankTransaction, SimulatedCustomer } from '@tocsin/simulator';
import type { DemoHub } from './demo-hub.ts';
import type { DemoWorld } from './demo-settings.ts';

/** Publishes payments as a bank does, and answers requests to freeze a card. It knows nothing of Tocsin but its topics. */
export class SimulatedBank {
  readonly #log: Log;
  readonly #hub: DemoHub;
  readonly #demo: DemoWorld;
  readonly #world: World;
  readonly #ana: SimulatedCustomer;
  readonly #timers = new Set<NodeJS.Timeout>();
  #partitions = 1;
  #episode = 0;

  constructor(options: { readonly log: Log; readonly hub: DemoHub; readonly demo: DemoWorld; readonly now: number }) {
    this.#log = options.log;
    this.#hub = options.hub;
    this.#demo = options.demo;
    this.#world = new World({ seed: options.now % 2 ** 31, customers: 600, idPrefix: `t${options.now.toString(36)}` });
    const [ana] = this.#world.customers;
    if (ana === undefined) throw new Error('The simulated bank has no customers.');
    this.#ana = ana;
  }

  async start(options: {
    readonly everyMs: number;
    readonly firstFraudMs: number;
    readonly fraudEveryMs: number;
  }): Promise<void> {
    this.#partitions = (await this.#log.facts(this.#demo.bankTopic))?.partitions ?? 1;
    await this.#publish(this.#world.history(this.#ana, Date.now() - 3 * 3_600_000, 30), false);
    this.#every(options.everyMs, () => this.#publish([this.#world.ordinary(Date.now())]));
    this.#after(options.firstFraudMs, () => {
      void this.#fraud();
      this.#every(options.fraudEveryMs, () => this.#fraud());
    });
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** The bank's desk: looks at the request for two seconds, then confirms. */
  freeze(request: BankRequest): void {
    if (request.kind !== 'freeze-card') return;
    this.#after(2_000, () => {
      const partition = 0;
      const value = JSON.stringify({ requestId: request.requestId, answer: 'accepted' });
      void this.#log
        .append([{ topic: this.#demo.answersTopic, partition, key: request.accountId, value }])
        .then(() => this.#hub.emit({ type: 'answer', requestId: request.requestId, answer: 'accepted' }));
    });
  }

  #fraud(): Promise<void> {
    const kind = episodes[this.#episode++ % episodes.length] ?? 'impossible-travel';
    return this.#publish(this.#world.episode(kind, this.#ana, Date.now()));
  }

  async #publish(transactions: readonly BankTransaction[], show = true): Promise<void> {
    await this.#log.append(
      transactions.map((transaction) => ({
        topic: this.#demo.bankTopic,
        partition: partitionOf(transaction.accountId, this.#partitions),
        key: transaction.accountId,
        value: JSON.stringify(transaction),
      })),
    );
    if (show) for (const transaction of transactions) this.#show(transaction);
  }

  #show({ id, accountId, amount, merchant, counterparty, status }: BankTransaction): void {
    this.#hub.emit({
      type: 'transaction',
      id,
      at: Date.now(),
      merchant: merchant?.name ?? counterparty?.name ?? 'transfer',
      amount: `${amount.value} ${amount.currency}`,
      account: accountId === this.#demo.accountId ? 'Ana' : accountId,
      status,
    });
  }

  #every(ms: number, act: () => Promise<void>): void {
    this.#timers.add(setInterval(() => void act().catch(() => {}), ms));
  }

  #after(ms: number, act: () => void): void {
    this.#timers.add(setTimeout(act, ms));
  }
}
