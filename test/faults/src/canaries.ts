import type { Bed } from './bed/bed.ts';

const againMs = 5_000;
const everyMs = 100;
/** Longer than that is reported as not recovered. */
const patienceMs = 120_000;

const amountOf = (value: Buffer): string => {
  const { amount } = JSON.parse(value.toString()) as { amount: { value: string; currency: string } };
  return `${amount.value} ${amount.currency}`;
};

/**
 * How long it takes from now until every partition delivers again: one payment for each of them is published, again after a
 * while, and each customer must hear of one of theirs. An outcome that nobody knows is not told twice, hence the second one.
 */
export async function recovery(bed: Bed): Promise<number | undefined> {
  const begun = performance.now();
  const waiting = new Map<string, string[]>();
  for (const { customer } of bed.workload.canaries) {
    waiting.set(customer.id, []);
  }
  let publishedAt = -Infinity;
  while (performance.now() - begun < patienceMs) {
    if (performance.now() - publishedAt > againMs) {
      publishedAt = performance.now();
      const due = bed.workload.canaries.filter(({ customer }) => waiting.has(customer.id));
      const lines = due.map((one) => bed.workload.purchase(one, Date.now()));
      lines.forEach((line, i) => waiting.get(due[i]!.customer.id)!.push(amountOf(line.value!)));
      bed.feeder.publish(lines);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    for (const { customer } of bed.workload.canaries) {
      const amounts = waiting.get(customer.id);
      if (amounts === undefined) continue;
      const seen = [
        ...(customer.addresses.messenger === undefined ? [] : bed.graph.visible(customer.addresses.messenger)),
        ...(customer.addresses.sms === undefined ? [] : bed.twilio.visible(customer.addresses.sms)),
      ];
      if (seen.some(({ text }) => amounts.some((amount) => text.includes(amount)))) waiting.delete(customer.id);
    }
    if (waiting.size === 0) return Math.round(performance.now() - begun);
  }
  return undefined;
}
