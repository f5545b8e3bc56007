import { jobKey, providerKey } from '@tocsin/core';
import type { ContactRecord, Job, PartitionView } from '@tocsin/core';
import { look } from './ask-first.ts';
import { AttemptBook } from './attempt-book.ts';
import { mayLeave } from './may-leave.ts';
import type { LetGo } from './may-leave.ts';
import { breakerChanged } from './observations.ts';
import type { ExecutorRuntime, OwnAttempt } from './own-attempt.ts';
import { sendOnce } from './send-once.ts';
import { TakingUp, storeRetryMs } from './taking-up.ts';
import type { TakenUp } from './taking-up.ts';

/** Acts beside one acquisition of one partition. */
export class PartitionExecutor {
  readonly #runtime: ExecutorRuntime;
  readonly #view: PartitionView;
  readonly #book: AttemptBook;
  readonly #takingUp: TakingUp;
  /** Everything that drain must wait for. */
  readonly #active = new Set<Promise<void>>();
  #choosing = false;
  #chooseAgain = false;
  /** By the present look. */
  #found = false;
  #stopped = false;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(runtime: ExecutorRuntime, view: PartitionView) {
    this.#runtime = runtime;
    this.#view = view;
    this.#book = new AttemptBook(runtime, view);
    this.#takingUp = new TakingUp(runtime, view, this.#book, (span) => this.#wakeIn(span));
  }

  /** The fold went on: which of our attempts stand, what is settled, what is new? */
  changed(): void {
    this.#reconcile();
    this.wake();
  }

  /** Looks for what is due, soon or as soon as the present look is over. */
  wake(): void {
    this.#runtime.looks.soon(this.#look);
  }

  /** Says whether it found something. */
  readonly #look = (): boolean => {
    if (this.#ended()) return false;
    if (this.#choosing) {
      this.#chooseAgain = true;
      return false;
    }
    this.#choosing = true;
    this.#found = false;
    void this.#run(this.#choose()).then(() => {
      this.#choosing = false;
      if (!this.#chooseAgain) return;
      this.#chooseAgain = false;
      this.wake();
    });
    return this.#found;
  };

  /** The partition is another's: what has not begun never will, and says so, so that the other need not wait for it. */
  lost(): void {
    this.#stop('lost');
    this.#book.lost();
  }

  /** Finishes what has begun, lets go of the rest, and waits until the log knows. */
  async drain(): Promise<void> {
    this.#stop('shutdown');
    while (this.#active.size > 0) await Promise.all(this.#active);
    await this.#book.settled();
  }

  #stop(code: LetGo): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const own of this.#book.own.all()) if (own.phase === 'appended') this.#book.letGo(own, code);
  }

  readonly #ended = (): boolean => this.#stopped || this.#view.lost;

  #run(work: Promise<void>): Promise<void> {
    const watched = work
      .catch((error: unknown) => {
        if (this.#view.lost) return;
        const { stage, partition } = this.#view;
        this.#runtime.options.logger.error('delivery failed', {
          stage,
          partition,
          error: error instanceof Error ? error.name : 'Error',
        });
        this.#wakeIn(storeRetryMs);
      })
      .finally(() => this.#active.delete(watched));
    this.#active.add(watched);
    return watched;
  }

  /** Of several wake-ups the soonest counts; each look asks for its next one anew. */
  #wakeIn(span: number | undefined): void {
    if (span === undefined || this.#stopped) return;
    const { clock } = this.#runtime;
    const at = clock.monotonic() + Math.max(span, 1);
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const cancel = clock.after(Math.max(span, 1), () => {
      this.#timer = undefined;
      this.wake();
    });
    this.#timer = { at, cancel };
  }

  async #choose(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { found, chosen, tooMany } = this.#takingUp.choose();
    this.#found = found;
    const taken = chosen === undefined ? [] : await this.#takingUp.takeUp(chosen, this.#ended);
    if (taken.length > 0) void this.#run(this.#append(taken));
    // While something of our own is still to be read, it lies behind all that was not read yet, and nothing is sent before.
    this.#view.hold(tooMany && this.#book.own.size === 0);
  }

  async #append(taken: readonly TakenUp[]): Promise<void> {
    const { clock, options } = this.#runtime;
    try {
      await this.#view.append(taken.map(({ own, record }) => ({ key: own.customer, value: record })));
      for (const { own } of taken) {
        own.appendedAt = clock.monotonic();
        own.appendedWall = clock.now();
      }
      await options.flush?.();
    } catch {
      // Whether they stand there, and will stay, is not known; if so, nobody should wait for them.
      for (const { own } of taken) this.#book.letGo(own, 'append-failed');
      return;
    }
    for (const { own } of taken) {
      own.phase = 'appended';
      if (this.#stopped) this.#book.letGo(own, 'shutdown');
    }
    this.#reconcile();
  }

  /** The fold is the referee: it shows whose attempt stands, and what is settled. */
  #reconcile(): void {
    const book = this.#book;
    const begin: OwnAttempt[] = [];
    for (const own of book.own.all()) {
      const job = this.#view.get<Job>(jobKey(own.job.delivery.id));
      if (own.phase === 'told') {
        if (job !== own.job && !book.stands(own)) book.own.forget(own);
      } else if (own.phase === 'appended') {
        if (book.stands(own)) begin.push(own);
        else if (job === undefined || job.attempts >= own.attempt) book.lostRace(own);
      }
    }
    if (begin.length === 0) return;
    for (const own of begin) own.phase = 'begun';
    void this.#run(this.#begin(begin));
  }

  async #begin(all: readonly OwnAttempt[]): Promise<void> {
    const book = this.#book;
    const known = await look(
      this.#runtime.options,
      this.#view,
      all.map(({ job }) => job),
    );
    // From here to the calls nothing waits: what the barriers said a moment ago still holds.
    all.forEach((own, i) => {
      if (this.#view.lost) return book.letGo(own, 'lost');
      if (this.#stopped) return book.letGo(own, 'shutdown');
      if (!book.stands(own)) return book.lostRace(own);
      if (known === undefined) return book.letGo(own, 'barriers-unreadable');
      if (this.#isLate(own)) return book.letGo(own, 'late');
      if (book.isWithdrawn(own)) return book.letGo(own, 'withdrawn');
      const { contact, answer } = known[i]!;
      const verdict = mayLeave(
        own.job.delivery,
        contact,
        book.policyOf(own.job),
        answer,
        this.#runtime.options.channel,
      );
      if (verdict.kind === 'stay') return book.withhold(own, verdict.outcome);
      // Rendered for a contact or a policy that has changed since: the next attempt takes the new one.
      const narrower = own.message!.classes.some((name) => !verdict.classes.includes(name));
      if (narrower || contact!.sourceOffset !== own.contactOffset) return book.letGo(own, 'contact-changed');
      void this.#run(this.#send(own, contact!, verdict.address));
    });
  }

  /**
   * Old enough that somebody else may believe that it was never begun? By both clocks, because one of them stands still while
   * a machine sleeps; each against itself, because the log's clock is another's.
   */
  #isLate({ appendedAt, appendedWall }: OwnAttempt): boolean {
    const { clock, limits } = this.#runtime;
    return clock.monotonic() - appendedAt > limits.beginWithinMs || clock.now() - appendedWall > limits.beginWithinMs;
  }

  async #send(own: OwnAttempt, { windowExpiresAt }: ContactRecord, address: string): Promise<void> {
    const { options, clock, limits } = this.#runtime;
    const { breaker, channel, metrics } = options;
    const { id, tenantId, receivedAt } = own.job.delivery;
    const recipient = { address, ...(windowExpiresAt === undefined ? {} : { windowExpiresAt }) };
    const key = providerKey(options.keyedDigest, tenantId, id);
    const outcome = await sendOnce(channel.open, recipient, own.message!, {
      key,
      timeoutMs: limits.attemptDeadlineMs,
      clock,
    });
    const wasOpen = breaker.open;
    breaker.record(outcome, clock.monotonic());
    if (breaker.open !== wasOpen) breakerChanged(options, outcome);
    if (outcome.kind === 'accepted' && receivedAt !== undefined) {
      metrics.observe('alert_seconds', { channel: channel.id }, Math.max(0, clock.now() - receivedAt) / 1_000);
    }
    this.#book.tell(own, outcome);
  }
}
