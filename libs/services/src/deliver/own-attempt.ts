import type { Job, Rendered } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';
import type { ExecutorLimits, ExecutorOptions } from './executor-options.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import type { Pace } from './pace.ts';
import type { RateShare } from './rate-share.ts';
import type { Slots } from './slots.ts';

/** What all partitions of one executor share. */
export interface ExecutorRuntime {
  readonly options: ExecutorOptions;
  readonly clock: ExecutorClock;
  readonly limits: ExecutorLimits;
  /** Customers to whom a message is under way: never two at once, so that they arrive in order. */
  readonly busy: Set<string>;
  readonly slots: Slots;
  readonly rate: RateShare;
  /** Of looking for what is due, and of appending outcomes. */
  readonly looks: Pace;
  readonly appends: Pace;
  /** What is still to be told of a partition, whoever took it up: it outlives every acquisition. */
  outcomesOf(partition: number): OutcomeWriter;
  wakeAll(): void;
}

/** A delivery that this owner has taken up, until the fold shows what became of it. */
export interface OwnAttempt {
  /** As it was when taken up: the fold never changes a job in place, so another object means that it went on. */
  readonly job: Job;
  readonly customer: string;
  readonly attempt: number;
  /**
   * `appending`: the attempt is on its way into the log. `appended`: acknowledged. `begun`: being checked or sent. `told`:
   * its outcome is on its way.
   */
  phase: 'appending' | 'appended' | 'begun' | 'told';
  readonly message?: Rendered;
  /** The contact that it was rendered for. */
  readonly contactOffset?: number;
  readonly probe: boolean;
  /** Monotonic and wall time of the acknowledgement. */
  appendedAt: number;
  appendedWall: number;
}

/** What this owner has taken up, one for each delivery, and the customers that it occupies. */
export class OwnAttempts {
  readonly #runtime: ExecutorRuntime;
  readonly #byDelivery = new Map<string, OwnAttempt>();

  constructor(runtime: ExecutorRuntime) {
    this.#runtime = runtime;
  }

  get size(): number {
    return this.#byDelivery.size;
  }

  /** In the order in which they were taken up. */
  all(): readonly OwnAttempt[] {
    return [...this.#byDelivery.values()];
  }

  get(deliveryId: string): OwnAttempt | undefined {
    return this.#byDelivery.get(deliveryId);
  }

  /** Is nothing under way for this delivery, nor for its customer? */
  isFree(job: Job, customer: string): boolean {
    return !this.#byDelivery.has(job.delivery.id) && !this.#runtime.busy.has(customer);
  }

  take(own: OwnAttempt): void {
    this.#byDelivery.set(own.job.delivery.id, own);
    this.#runtime.busy.add(own.customer);
  }

  forget(own: OwnAttempt): void {
    this.#byDelivery.delete(own.job.delivery.id);
    this.#runtime.busy.delete(own.customer);
  }
}
