import { createHash } from 'node:crypto';
import { KcatStream, readByKcat } from '@tocsin/test-e2e';
import { say } from '../say.ts';
import type { Published, Workload } from './workload.ts';

const everyMs = 200;

const digestOf = (value: Buffer | null): string =>
  value === null || value.length === 0 ? '' : createHash('sha256').update(value).digest('base64');

/** The bank's producer, writing all the time. */
export class Feeder {
  readonly #workload: Workload;
  readonly #open: (partition?: number) => KcatStream;
  #stream: KcatStream;
  #aside: KcatStream;
  readonly #perSecond: number;
  readonly #place: readonly [brokers: string, topic: string];
  /** How often each value was written. */
  readonly #written = new Map<string, number>();
  /** What it had not sent yet was lost with it. */
  #gaveUp = false;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #owed = 0;
  published = 0;

  constructor(brokers: readonly string[], topic: string, workload: Workload, perSecond: number) {
    this.#workload = workload;
    this.#place = [brokers.join(), topic];
    this.#perSecond = perSecond;
    this.#open = (partition) => new KcatStream(brokers.join(), topic, partition);
    this.#stream = this.#open();
    this.#aside = this.#open(0);
  }

  publish(lines: readonly Published[]): void {
    this.published += lines.length;
    for (const { value } of lines) {
      const digest = digestOf(value);
      this.#written.set(digest, (this.#written.get(digest) ?? 0) + 1);
    }
    if (this.#stream.ended) this.#stream = this.#again();
    if (this.#aside.ended) this.#aside = this.#again(0);
    this.#stream.write(lines.filter(({ partition }) => partition === undefined));
    this.#aside.write(lines.filter(({ partition }) => partition !== undefined));
  }

  #again(partition?: number): KcatStream {
    say("the bank's producer gave up and starts again");
    this.#gaveUp = true;
    return this.#open(partition);
  }

  start(): void {
    this.pause();
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#tick(), everyMs);
  }

  #tick(): void {
    const now = performance.now();
    this.#owed += ((now - this.#last) / 1_000) * this.#perSecond;
    this.#last = now;
    const due = Math.floor(this.#owed);
    this.#owed -= due;
    // After a pause of ours the bank does not make up for more than a second.
    if (due > 0) this.publish(this.#workload.next(Math.min(due, this.#perSecond), Date.now()));
  }

  kill(): void {
    this.pause();
    this.#stream.kill();
    this.#aside.kill();
  }

  pause(): void {
    clearInterval(this.#timer);
  }

  /** No more; resolves when everything is in the topic. */
  async finish(): Promise<void> {
    this.pause();
    await Promise.all([this.#stream.end(), this.#aside.end()]);
  }

  /**
   * To be asked once it has finished: how many of its records do not stand in the topic. Then what is judged is not what the
   * bank wrote. Undefined where a producer gave up on the way: nobody knows what it had sent.
   */
  async missing(): Promise<number | undefined> {
    if (this.#gaveUp) return undefined;
    const left = new Map(this.#written);
    for (const { value } of await readByKcat(...this.#place)) {
      const digest = digestOf(value);
      const count = left.get(digest) ?? 0;
      if (count > 1) left.set(digest, count - 1);
      else left.delete(digest);
    }
    return [...left.values()].reduce((sum, count) => sum + count, 0);
  }
}
