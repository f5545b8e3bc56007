import { KcatStream } from '@tocsin/test-e2e';

const everyMs = 100;
/** Kept whole, with what is said about it, each is one page of the embedded storage: so every free page is good enough. */
const bytes = 2_500;

/**
 * Another system of the bank, on a topic of its own, that has gone mad: nothing that it writes can be read. All of it is kept
 * on `rejected`, as it must be, and so it fills a disk.
 */
export class Rubbish {
  readonly #brokers: readonly string[];
  readonly #topic: string;
  /** Into one partition, and into all. */
  #streams: { readonly one: KcatStream; readonly all: KcatStream } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #written = 0;

  constructor(brokers: readonly string[], topic: string) {
    this.#brokers = brokers;
    this.#topic = topic;
  }

  get written(): number {
    return this.#written;
  }

  /** So many a second, all into one partition. */
  flood(perSecond: number): void {
    this.#start('one', perSecond);
  }

  /**
   * So many a second over all partitions. What did not find room in a partition is written again together with what came
   * since, and needs the more; in many partitions little comes since, and so the last free pages are taken too.
   */
  trickle(perSecond: number): void {
    this.#start('all', perSecond);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  kill(): void {
    this.stop();
    this.#streams?.one.kill();
    this.#streams?.all.kill();
  }

  #start(where: 'one' | 'all', perSecond: number): void {
    this.stop();
    const brokers = this.#brokers.join();
    this.#streams ??= { one: new KcatStream(brokers, this.#topic, 0), all: new KcatStream(brokers, this.#topic) };
    const stream = this.#streams[where];
    this.#timer = setInterval(() => {
      const lines = Array.from({ length: Math.ceil((perSecond * everyMs) / 1_000) }, () => {
        const number = (this.#written += 1);
        return { number, file: 1 as const, key: `k${number}`, value: Buffer.from(`${number} `.padEnd(bytes, '~')) };
      });
      stream.write(lines);
    }, everyMs);
  }
}
