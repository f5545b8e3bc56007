import { jobPrefix, keyOf, letGoDelayMs } from '@tocsin/core';
import type { Job, PartitionView } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';
import type { ExecutorLimits } from './executor-options.ts';

/** Looking through many jobs takes time: a rest after it, by how many there are. */
const jobsPerRestMs = 20;
const longestRestMs = 100;
/** A wake-up further away is set again when it comes. */
const longestWaitMs = 60_000;

export interface Due {
  /** The first ones in the order of priority and place, at most one for each customer. */
  readonly jobs: readonly Job[];
  /** All that wait, due or not. */
  readonly count: number;
  /** When to look again, unless something changes before. */
  readonly nextInMs: number | undefined;
}

const before = (a: Job, b: Job): number =>
  a.delivery.priority - b.delivery.priority ||
  a.acceptedAt - b.acceptedAt ||
  (a.place ?? -1) - (b.place ?? -1) ||
  (a.delivery.id < b.delivery.id ? -1 : 1);

/** What waits in a partition, what of it is due, and how long it has been kept from leaving. */
export class Waiting {
  readonly #view: PartitionView;
  readonly #clock: ExecutorClock;
  readonly #limits: ExecutorLimits;
  /** Monotonic times. */
  readonly #postponed = new Map<string, number>();
  #blockedSince: number | undefined;
  #lookedAt = -Infinity;
  #count = 0;

  constructor(view: PartitionView, clock: ExecutorClock, limits: ExecutorLimits) {
    this.#view = view;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** At most `most` jobs that are due, among those that `free` lets through. */
  due(most: number, free: (job: Job, customer: string) => boolean): Due {
    const running = this.#clock.monotonic();
    const rest = this.#lookedAt + Math.min(Math.floor(this.#count / jobsPerRestMs), longestRestMs) - running;
    if (most <= 0) return { jobs: [], count: this.#count, nextInMs: undefined };
    if (rest > 0) return { jobs: [], count: this.#count, nextInMs: rest };
    this.#lookedAt = running;
    // The log's clock may run before ours: what it has already passed is due.
    const now = Math.max(this.#clock.now(), this.#view.clockAt);
    const due: { readonly job: Job; readonly customer: string; readonly ready: boolean }[] = [];
    let nextInMs: number | undefined;
    this.#count = 0;
    for (const [, job] of this.#view.resident<Job>(jobPrefix)) {
      if (job.attempting !== undefined) continue;
      this.#count += 1;
      const wait = Math.max(job.dueAt - now, (this.#postponed.get(job.delivery.id) ?? 0) - running);
      if (wait > 0) {
        nextInMs = Math.min(nextInMs ?? Infinity, wait);
        // One that was let go is due again in a moment, and what follows to its customer must not overtake it.
        if (wait > letGoDelayMs) continue;
      }
      const customer = keyOf(job.delivery.tenantId, job.delivery.customerId);
      if (free(job, customer)) due.push({ job, customer, ready: wait <= 0 });
    }
    due.sort((a, b) => before(a.job, b.job));
    const customers = new Set<string>();
    const jobs: Job[] = [];
    for (const { job, customer, ready } of due) {
      if (customers.has(customer)) continue;
      customers.add(customer);
      if (!ready) continue;
      jobs.push(job);
      if (jobs.length === most) break;
    }
    this.#tidy(running);
    return {
      jobs,
      count: this.#count,
      nextInMs: nextInMs === undefined ? undefined : Math.min(nextInMs, longestWaitMs),
    };
  }

  /** Not before that, without telling the log. Returns the time. */
  postpone(job: Job, forMs: number): number {
    this.#postponed.set(job.delivery.id, this.#clock.monotonic() + forMs);
    return forMs;
  }

  /**
   * Nothing gets through now. Those whose patience ends are given back. Patience counts from when it began for the partition,
   * not for each message: what comes while a provider has been down for long need not wait as long again.
   */
  blocked(jobs: readonly Job[], forMs: number): { readonly impatient: readonly Job[]; readonly nextInMs: number } {
    const running = this.#clock.monotonic();
    this.#blockedSince ??= running;
    let nextInMs = forMs;
    const impatient: Job[] = [];
    for (const job of jobs) {
      const patience = this.#limits.patienceMs[job.delivery.priority];
      if (patience === null) continue;
      const left = this.#blockedSince + patience - running;
      if (left <= 0) impatient.push(job);
      else nextInMs = Math.min(nextInMs, left);
    }
    return { impatient, nextInMs };
  }

  /** Something gets through again. */
  unblocked(): void {
    this.#blockedSince = undefined;
  }

  #tidy(running: number): void {
    for (const [id, until] of this.#postponed) if (until <= running) this.#postponed.delete(id);
  }
}
