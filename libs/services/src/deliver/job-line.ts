import { jobPrefix, keyOf } from '@tocsin/core';
import type { Instant, Job, PartitionView, Span } from '@tocsin/core';

/** A job that waits to be attempted. */
export interface Waiter {
  readonly job: Job;
  /** tenant:customer */
  readonly customer: string;
}

type Order = (a: Job, b: Job) => number;

const byId: Order = (a, b) => (a.delivery.id < b.delivery.id ? -1 : a.delivery.id > b.delivery.id ? 1 : 0);

const byUrgency: Order = (a, b) =>
  a.delivery.priority - b.delivery.priority ||
  a.acceptedAt - b.acceptedAt ||
  (a.place ?? -1) - (b.place ?? -1) ||
  byId(a, b);

const byDueTime: Order = (a, b) => a.dueAt - b.dueAt || byId(a, b);

/** Waiters in one order; what comes in that order costs little. */
class Line {
  readonly #order: Order;
  readonly #waiters: Waiter[] = [];

  constructor(order: Order) {
    this.#order = order;
  }

  get all(): readonly Waiter[] {
    return this.#waiters;
  }

  add(waiter: Waiter): void {
    this.#waiters.splice(this.#placeOf(waiter.job), 0, waiter);
  }

  remove({ job }: Waiter): void {
    const place = this.#placeOf(job);
    if (this.#waiters[place]?.job === job) this.#waiters.splice(place, 1);
  }

  /** Takes out those at the front that belong there. */
  *takeWhile(belongs: (job: Job) => boolean): Iterable<Waiter> {
    let count = 0;
    while (count < this.#waiters.length && belongs(this.#waiters[count]!.job)) count += 1;
    yield* this.#waiters.splice(0, count);
  }

  /** Where the job stands or would stand. */
  #placeOf(job: Job): number {
    let low = 0;
    let high = this.#waiters.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#order(this.#waiters[middle]!.job, job) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The jobs of a partition that wait, kept in order while they come and go: those that are due or nearly so by urgency, the
 * others by their time. So to look for the next ones costs the same, however many wait behind them.
 */
export class JobLine {
  readonly #view: PartitionView;
  /** Nearly due: so long before. */
  readonly #nearMs: Span;
  readonly #byJob = new Map<string, { readonly waiter: Waiter; readonly line: Line }>();
  readonly #near = new Line(byUrgency);
  readonly #later = new Line(byDueTime);

  constructor(view: PartitionView, nearMs: Span) {
    this.#view = view;
    this.#nearMs = nearMs;
  }

  get count(): number {
    return this.#byJob.size;
  }

  /** Due, or nearly so, the most urgent first; as the fold shows them now. */
  near(now: Instant): readonly Waiter[] {
    for (const key of this.#view.touched(jobPrefix)) this.#follow(key, now);
    for (const waiter of this.#later.takeWhile(({ dueAt }) => dueAt - now <= this.#nearMs))
      this.#add(jobPrefix + waiter.job.delivery.id, waiter, this.#near);
    return this.#near.all;
  }

  /** When the first of the others is due. */
  get laterAt(): Instant | undefined {
    return this.#later.all[0]?.job.dueAt;
  }

  #follow(key: string, now: Instant): void {
    const known = this.#byJob.get(key);
    const job = this.#view.get<Job>(key);
    if (known?.waiter.job === job) return;
    if (known !== undefined) {
      known.line.remove(known.waiter);
      this.#byJob.delete(key);
    }
    if (job === undefined || job.attempting !== undefined) return;
    const customer = keyOf(job.delivery.tenantId, job.delivery.customerId);
    this.#add(key, { job, customer }, job.dueAt - now <= this.#nearMs ? this.#near : this.#later);
  }

  #add(key: string, waiter: Waiter, line: Line): void {
    line.add(waiter);
    this.#byJob.set(key, { waiter, line });
  }
}
