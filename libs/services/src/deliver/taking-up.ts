import { keyOf } from '@tocsin/core';
import type { AttemptRecord, ContactRecord, Job, PartitionView } from '@tocsin/core';
import { look } from './ask-first.ts';
import type { Looked } from './ask-first.ts';
import { slackMs } from './attempt-book.ts';
import type { AttemptBook } from './attempt-book.ts';
import { prepareAttempt } from './attempt-record.ts';
import type { PreparedAttempt } from './attempt-record.ts';
import { mayLeave } from './may-leave.ts';
import type { Verdict } from './may-leave.ts';
import { countText } from './observations.ts';
import type { ExecutorRuntime, OwnAttempt } from './own-attempt.ts';
import { Waiting } from './waiting.ts';

/** How soon to look again after a store could not be read. */
export const storeRetryMs = 500;

/** Taken up: its record must be durable before anything leaves. */
export interface TakenUp {
  readonly own: OwnAttempt;
  readonly record: AttemptRecord;
}

export interface Chosen {
  readonly jobs: readonly Job[];
  /** The first message after a breaker opened: it goes alone. */
  readonly probe: boolean;
}

/** Chooses what leaves a partition next, and takes it up. */
export class TakingUp {
  readonly #runtime: ExecutorRuntime;
  readonly #view: PartitionView;
  readonly #book: AttemptBook;
  readonly #waiting: Waiting;
  readonly #wakeIn: (span: number | undefined) => void;

  constructor(
    runtime: ExecutorRuntime,
    view: PartitionView,
    book: AttemptBook,
    wakeIn: (span: number | undefined) => void,
  ) {
    this.#runtime = runtime;
    this.#view = view;
    this.#book = book;
    this.#waiting = new Waiting(view, runtime.clock, runtime.limits);
    this.#wakeIn = wakeIn;
  }

  /** What is due and may be tried now; `found`: there was something due, though it may have to stay. */
  choose(): { readonly found: boolean; readonly chosen: Chosen | undefined; readonly tooMany: boolean } {
    const { options, clock, limits, slots } = this.#runtime;
    const { free } = slots;
    const { own } = this.#book;
    const { jobs, count, nextInMs } = this.#waiting.due(free, (job, customer) => own.isFree(job, customer));
    if (jobs.length === free) slots.want();
    this.#wakeIn(nextInMs);
    const tooMany = count > limits.maxWaiting;
    if (jobs.length === 0) return { found: false, chosen: undefined, tooMany };
    const answer = options.breaker.ask(options.lane, clock.monotonic());
    if (answer.kind === 'open') {
      this.#blocked(jobs, 'breaker-open', answer.forMs);
      return { found: true, chosen: undefined, tooMany };
    }
    const probe = answer.kind === 'probe';
    return { found: true, chosen: { jobs: probe ? jobs.slice(0, 1) : jobs, probe }, tooMany };
  }

  /** Takes up those that may leave, each with a slot and a token of the rate; `ended` says that nothing is any more. */
  async takeUp({ jobs, probe }: Chosen, ended: () => boolean): Promise<readonly TakenUp[]> {
    const { slots, options } = this.#runtime;
    let taken: readonly TakenUp[] = [];
    slots.take(jobs.length);
    try {
      taken = await this.#takeThoseWithTokens(jobs, probe, ended);
    } finally {
      slots.giveBack(jobs.length - taken.length);
      if (probe && taken.length === 0) options.breaker.release();
    }
    return taken;
  }

  async #takeThoseWithTokens(jobs: readonly Job[], probe: boolean, ended: () => boolean): Promise<readonly TakenUp[]> {
    const { options, rate } = this.#runtime;
    const [known, tokens] = await Promise.all([look(options, this.#view, jobs), rate.take(jobs.length)]);
    const taken = ended() ? [] : this.#takeThose(jobs, known, tokens, probe);
    rate.giveBack((tokens?.granted ?? 0) - taken.length);
    return taken;
  }

  #takeThose(
    jobs: readonly Job[],
    known: readonly Looked[] | undefined,
    tokens: { readonly granted: number; readonly nextInMs: number } | undefined,
    probe: boolean,
  ): readonly TakenUp[] {
    if (known === undefined) {
      this.#blocked(jobs, 'barriers-unreadable', storeRetryMs);
      return [];
    }
    const ready = jobs.flatMap((job, i) => {
      const { contact, answer } = known[i]!;
      const verdict = mayLeave(job.delivery, contact, this.#book.policyOf(job), answer, this.#runtime.options.channel);
      if (verdict.kind === 'go') return [{ job, contact: contact!, verdict }];
      if (verdict.outcome.kind === 'not-sent')
        this.#wakeIn(this.#waiting.postpone(job, verdict.outcome.afterMs ?? storeRetryMs));
      else this.#book.report(job, verdict.outcome);
      return [];
    });
    if (ready.length === 0) return [];
    if (tokens === undefined) {
      this.#blocked(
        ready.map(({ job }) => job),
        'rate-unreadable',
        storeRetryMs,
      );
      return [];
    }
    if (!probe) this.#waiting.unblocked();
    if (tokens.granted < ready.length) this.#wakeIn(tokens.nextInMs);
    return ready.slice(0, tokens.granted).flatMap(({ job, contact, verdict }) => {
      const taken = this.#takeOne(job, contact, verdict, probe);
      return taken === undefined ? [] : [taken];
    });
  }

  #takeOne(
    job: Job,
    contact: ContactRecord,
    verdict: Extract<Verdict, { kind: 'go' }>,
    probe: boolean,
  ): TakenUp | undefined {
    const { options, clock, limits } = this.#runtime;
    const customer = keyOf(job.delivery.tenantId, job.delivery.customerId);
    if (!this.#book.isOpen(job, customer)) return undefined;
    let attempt: PreparedAttempt;
    try {
      const now = clock.now();
      const deadlineAt = Math.max(now, this.#view.clockAt) + limits.attemptDeadlineMs + slackMs;
      const details = { by: this.#view.token, now, deadlineAt };
      attempt = prepareAttempt(options, job, contact, this.#book.policyOf(job), verdict, details);
    } catch {
      this.#book.report(job, { kind: 'permanent', code: 'unrenderable' });
      return undefined;
    }
    const { message, record } = attempt;
    const own: OwnAttempt = {
      job,
      customer,
      attempt: record.attempt,
      phase: 'appending',
      message,
      contactOffset: contact.sourceOffset,
      probe,
      appendedAt: 0,
      appendedWall: 0,
    };
    countText(options, message);
    this.#book.take(own);
    return { own, record };
  }

  /** Nothing can go now. What must not wait so long is handed back, so that another channel can tell it. */
  #blocked(jobs: readonly Job[], why: string, forMs: number): void {
    const { nextInMs, impatient } = this.#waiting.blocked(jobs, forMs);
    for (const job of impatient) this.#book.report(job, { kind: 'ineligible', code: why });
    this.#wakeIn(nextInMs);
  }
}
