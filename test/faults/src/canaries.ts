import type { Ground } from './bed/ground.ts';
import type { Person } from './bank/workload.ts';

/** Between two rounds of payments; twice as long after each round of which nothing is heard, up to the longest. */
const shortestMs = 2_000;
const longestMs = 16_000;
const lookEveryMs = 100;
/** Longer than that, beside the time in which `alert` may be away, is reported as not recovered. */
const patienceMs = 180_000;

const amountOf = (value: Buffer): string => {
  const { amount } = JSON.parse(value.toString()) as { amount: { value: string; currency: string } };
  return `${amount.value} ${amount.currency}`;
};

interface Flying {
  readonly person: Person;
  readonly amount: string;
  readonly at: number;
}

/**
 * Payments in every partition, published while somebody wants to know whether all partitions deliver. Whoever asks is
 * answered when in each partition a customer has heard of a payment that was published since then. An outcome that nobody
 * knows is not told twice, so one round alone would not do.
 */
export class Canaries {
  readonly #bed: Ground;
  /** By partition: what was not heard of yet, oldest first. */
  readonly #flying: Flying[][];
  /** By partition: when the newest payment that was heard of had been published. */
  readonly #heard: number[];
  #round = 0;
  #publishedAt = -Infinity;
  #pauseMs = shortestMs;

  constructor(bed: Ground) {
    this.#bed = bed;
    this.#flying = bed.workload.canaries.map(() => []);
    this.#heard = bed.workload.canaries.map(() => -Infinity);
  }

  /** Milliseconds from now until every partition delivers; undefined when it takes too long. */
  async recovery(): Promise<number | undefined> {
    const begun = performance.now();
    const until = begun + patienceMs + this.#bed.options.alertAwayMs;
    while (performance.now() < until) {
      const fresh = this.#publishedAt < begun && performance.now() - this.#publishedAt > shortestMs / 2;
      if (fresh || performance.now() - this.#publishedAt > this.#pauseMs) this.#publish();
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      this.#look();
      if (this.#heard.every((at) => at >= begun)) return Math.round(performance.now() - begun);
    }
    return undefined;
  }

  #publish(): void {
    const { workload, feeder } = this.#bed;
    const at = performance.now();
    this.#publishedAt = at;
    this.#pauseMs = Math.min(longestMs, 2 * this.#pauseMs);
    const round = (this.#round += 1);
    feeder.publish(
      workload.canaries.map((persons, partition) => {
        const person = persons[round % persons.length]!;
        const line = workload.purchase(person, Date.now());
        this.#flying[partition]!.push({ person, amount: amountOf(line.value!), at });
        return line;
      }),
    );
  }

  #look(): void {
    const { graph, twilio } = this.#bed;
    this.#flying.forEach((flying, partition) => {
      const newest = flying.findLastIndex(({ person, amount }) => {
        const { messenger, sms } = person.customer.addresses;
        const seen = [
          ...(messenger === undefined ? [] : graph.visible(messenger)),
          ...(sms === undefined ? [] : twilio.visible(sms)),
        ];
        return seen.slice(-20).some(({ text }) => text.includes(amount));
      });
      if (newest < 0) return;
      this.#heard[partition] = Math.max(this.#heard[partition]!, flying[newest]!.at);
      flying.splice(0, newest + 1);
      this.#pauseMs = shortestMs;
    });
  }
}
