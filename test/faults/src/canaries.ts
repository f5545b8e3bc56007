import type { Bed } from './bed/bed.ts';

const publishEveryMs = 1_000;
const lookEveryMs = 100;
/** Longer than that is reported as not recovered. */
const patienceMs = 150_000;

const amountOf = (value: Buffer): string => {
  const { amount } = JSON.parse(value.toString()) as { amount: { value: string; currency: string } };
  return `${amount.value} ${amount.currency}`;
};

/**
 * Payments of customers in every partition, published again and again while somebody wants to know whether all partitions
 * deliver. Whoever asks is answered when each of these customers has heard of a payment that was published since then. An
 * outcome that nobody knows is not told twice, so one payment each would not do.
 */
export class Canaries {
  readonly #bed: Bed;
  /** By customer: amounts that were not seen yet, with the time of their publication, oldest first. */
  readonly #flying = new Map<string, { readonly amount: string; readonly at: number }[]>();
  /** By customer: when the newest payment that was heard of had been published. */
  readonly #heard = new Map<string, number>();
  #publishedAt = -Infinity;

  constructor(bed: Bed) {
    this.#bed = bed;
    for (const { customer } of bed.workload.canaries) {
      this.#flying.set(customer.id, []);
      this.#heard.set(customer.id, -Infinity);
    }
  }

  /** Milliseconds from now until every partition delivers; undefined when it takes too long. */
  async recovery(): Promise<number | undefined> {
    const begun = performance.now();
    while (performance.now() - begun < patienceMs) {
      this.#publish();
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      this.#look();
      if ([...this.#heard.values()].every((at) => at >= begun)) return Math.round(performance.now() - begun);
    }
    return undefined;
  }

  #publish(): void {
    const now = performance.now();
    if (now - this.#publishedAt < publishEveryMs) return;
    this.#publishedAt = now;
    const { workload, feeder } = this.#bed;
    feeder.publish(
      workload.canaries.map((one) => {
        const line = workload.purchase(one, Date.now());
        this.#flying.get(one.customer.id)!.push({ amount: amountOf(line.value!), at: now });
        return line;
      }),
    );
  }

  #look(): void {
    const { workload, graph, twilio } = this.#bed;
    for (const { customer } of workload.canaries) {
      const { messenger, sms } = customer.addresses;
      const seen = [
        ...(messenger === undefined ? [] : graph.visible(messenger)),
        ...(sms === undefined ? [] : twilio.visible(sms)),
      ].slice(-40);
      const flying = this.#flying.get(customer.id)!;
      const newest = flying.findLastIndex(({ amount }) => seen.some(({ text }) => text.includes(amount)));
      if (newest < 0) continue;
      this.#heard.set(customer.id, flying[newest]!.at);
      flying.splice(0, newest + 1);
    }
  }
}
