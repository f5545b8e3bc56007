import { letGoDelayMs } from '@tocsin/core';
import type { Job, PartitionView } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';
import type { ExecutorLimits } from './executor-options.ts';
import { JobLine } from './job-line.ts';

/** Passing over many jobs takes time: a rest after it, by how many there were. */
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

/** What waits in a partition, what of it is due, and how long it has been kept from leaving. */
export class Waiting {
  readonly #view: PartitionView;
  readonly #clock: ExecutorClock;
  readonly #limits: ExecutorLimits;
  readonly #line: JobLine;
  /** Monotonic times. */
  readonly #postponed = new Map<string, number>();
  #blockedSince: number | undefined;
  #lookedAt = -Infinity;
  #passed = 0;

  constructor(view: PartitionView, clock: ExecutorClock, limits: ExecutorLimits) {
    this.#view = view;
    this.#clock = clock;
    this.#limits = limits;
    // One that was let go is due again in a moment, and what follows to its customer must not overtake it.
    this.#line = new JobLine(view, letGoDelayMs);
  }

  /** At most `most` jobs that are due, among those that `free` lets through. */
  due(most: number, free: (job: Job, customer: string) => boolean): Due {
    const running = this.#clock.monotonic();
    // The log's clock may run before ours: what it has already passed is due.
    const now = Math.max(this.#clock.now(), this.#view.clockAt);
    const near = this.#line.near(now);
    const { count } = this.#line;
    const rest = this.#lookedAt + Math.min(Math.floor(this.#passed / jobsPerRestMs), longestRestMs) - running;
    if (most <= 0) return { jobs: [], count, nextInMs: undefined };
    if (rest > 0) return { jobs: [], count, nextInMs: rest };
    this.#lookedAt = running;
    this.#passed = 0;
    const { laterAt } = this.#line;
    let nextInMs = laterAt === undefined ? longestWaitMs : Math.min(laterAt - now, longestWaitMs);
    const customers = new Set<string>();
    const jobs: Job[] = [];
    for (const { job, customer } of near) {
      this.#passed += 1;
      const wait = Math.max(job.dueAt - now, (this.#postponed.get(job.delivery.id) ?? 0) - running);
      if (wait > 0) {
        nextInMs = Math.min(nextInMs, wait);
        if (wait > letGoDelayMs) continue;
      }
      if (customers.has(customer) || !free(job, customer)) continue;
      customers.add(customer);
      if (wait > 0) continue;
      jobs.push(job);
      if (jobs.length === most) break;
    }
    this.#tidy(running);
    return { jobs, count, nextInMs: count === 0 ? undefined : nextInMs };
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
