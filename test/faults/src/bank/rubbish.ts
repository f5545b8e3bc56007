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
  #stream: KcatStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #written = 0;

  constructor(brokers: readonly string[], topic: string) {
    this.#brokers = brokers;
    this.#topic = topic;
  }

  get written(): number {
    return this.#written;
  }

  start(perSecond: number): void {
    this.stop();
    this.#stream ??= new KcatStream(this.#brokers.join(), this.#topic);
    this.#timer = setInterval(() => this.#write(Math.ceil((perSecond * everyMs) / 1_000)), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  kill(): void {
    this.stop();
    this.#stream?.kill();
  }

  #write(count: number): void {
    const lines = Array.from({ length: count }, () => {
      const number = (this.#written += 1);
      return { number, file: 1 as const, key: `k${number}`, value: Buffer.from(`${number} `.padEnd(bytes, '~')) };
    });
    this.#stream!.write(lines);
  }
}
