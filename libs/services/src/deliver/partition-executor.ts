import { jobKey, keyOf, policyKey, providerKey } from '@tocsin/core';
import type { AttemptRecord, ContactRecord, Job, OutcomeRecord, PartitionView, TenantPolicy } from '@tocsin/core';
import { look } from './ask-first.ts';
import type { Looked } from './ask-first.ts';
import { outcomeRecord, prepareAttempt } from './attempt-record.ts';
import type { PreparedAttempt } from './attempt-record.ts';
import { mayLeave } from './may-leave.ts';
import type { LetGo, Verdict, Withheld } from './may-leave.ts';
import { breakerChanged, countText } from './observations.ts';
import { OutcomeWriter } from './outcome-writer.ts';
import { OwnAttempts } from './own-attempt.ts';
import type { ExecutorRuntime, OwnAttempt } from './own-attempt.ts';
import { sendOnce } from './send-once.ts';
import { Waiting } from './waiting.ts';

/** Between the deadline of the call and that of the attempt, for the outcome to reach the log. */
const slackMs = 5_000;
/** How soon to look again after a store could not be read. */
const storeRetryMs = 500;

/** Taken up: its record must be durable before anything leaves. */
interface Prepared {
  readonly own: OwnAttempt;
  readonly record: AttemptRecord;
}

/** Acts beside one acquisition of one partition. */
export class PartitionExecutor {
  readonly #runtime: ExecutorRuntime;
  readonly #view: PartitionView;
  readonly #outcomes: OutcomeWriter;
  readonly #waiting: Waiting;
  readonly #own: OwnAttempts;
  /** Everything that drain must wait for. */
  readonly #active = new Set<Promise<void>>();
  #choosing = false;
  #chooseAgain = false;
  /** By the present look. */
  #found = false;
  #stopped = false;
  #lost = false;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(runtime: ExecutorRuntime, view: PartitionView) {
    this.#runtime = runtime;
    this.#view = view;
    this.#own = new OwnAttempts(runtime);
    this.#waiting = new Waiting(view, runtime.clock, runtime.limits);
    const giveUpAfterMs = runtime.limits.attemptDeadlineMs + slackMs;
    this.#outcomes = new OutcomeWriter(view, runtime, giveUpAfterMs, (records) => this.#unrecorded(records));
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
    if (this.#stopped || this.#view.lost) return false;
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
    this.#lost = true;
    this.#stop('lost');
    for (const own of this.#own.all()) if (own.phase === 'told') this.#own.forget(own);
  }

  /** Finishes what has begun, lets go of the rest, and waits until the log knows. */
  async drain(): Promise<void> {
    this.#stop('shutdown');
    while (this.#active.size > 0) await Promise.all(this.#active);
    await this.#outcomes.settled();
  }

  #stop(code: LetGo): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const own of this.#own.all()) if (own.phase === 'appended') this.#letGo(own, code);
  }

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

  /* Choosing what leaves next. */

  async #choose(): Promise<void> {
    const { options, clock, limits, slots } = this.#runtime;
    this.#timer?.cancel();
    this.#timer = undefined;
    const { free } = slots;
    const { jobs, count, nextInMs } = this.#waiting.due(free, (job, customer) => this.#own.isFree(job, customer));
    if (jobs.length === free) slots.want();
    this.#found = jobs.length > 0;
    const { lane, breaker } = options;
    this.#wakeIn(nextInMs);
    if (jobs.length > 0) {
      const answer = breaker.ask(lane, clock.monotonic());
      if (answer.kind === 'open') this.#blocked(jobs, 'breaker-open', answer.forMs);
      else await this.#takeUp(answer.kind === 'probe' ? jobs.slice(0, 1) : jobs, answer.kind === 'probe');
    }
    // While something of our own is still to be read, it lies behind all that was not read yet, and nothing is sent before.
    this.#view.hold(count > limits.maxWaiting && this.#own.size === 0);
  }

  async #takeUp(jobs: readonly Job[], probe: boolean): Promise<void> {
    const { slots } = this.#runtime;
    let attempts: readonly Prepared[] = [];
    slots.take(jobs.length);
    try {
      attempts = await this.#prepare(jobs, probe);
    } finally {
      slots.giveBack(jobs.length - attempts.length);
      if (probe && attempts.length === 0) this.#runtime.options.breaker.release();
    }
    if (attempts.length > 0) void this.#run(this.#append(attempts));
  }

  /** Takes up those that may leave now, each with a token of the rate. */
  async #prepare(jobs: readonly Job[], probe: boolean): Promise<readonly Prepared[]> {
    const { options, rate } = this.#runtime;
    const [known, tokens] = await Promise.all([look(options, this.#view, jobs), rate.take(jobs.length)]);
    const prepared = this.#view.lost || this.#stopped ? [] : this.#takeThose(jobs, known, tokens, probe);
    rate.giveBack((tokens?.granted ?? 0) - prepared.length);
    return prepared;
  }

  #takeThose(
    jobs: readonly Job[],
    known: readonly Looked[] | undefined,
    tokens: { readonly granted: number; readonly nextInMs: number } | undefined,
    probe: boolean,
  ): readonly Prepared[] {
    if (known === undefined) {
      this.#blocked(jobs, 'barriers-unreadable', storeRetryMs);
      return [];
    }
    const ready = jobs.flatMap((job, i) => {
      const { contact, answer } = known[i]!;
      const verdict = mayLeave(job.delivery, contact, this.#policyOf(job), answer);
      if (verdict.kind === 'go') return [{ job, contact: contact!, verdict }];
      if (verdict.outcome.kind === 'not-sent')
        this.#wakeIn(this.#waiting.postpone(job, verdict.outcome.afterMs ?? storeRetryMs));
      else this.#report(job, verdict.outcome);
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
      const prepared = this.#takeOne(job, contact, verdict, probe);
      return prepared === undefined ? [] : [prepared];
    });
  }

  #takeOne(
    job: Job,
    contact: ContactRecord,
    verdict: Extract<Verdict, { kind: 'go' }>,
    probe: boolean,
  ): Prepared | undefined {
    const { options, clock, limits } = this.#runtime;
    const customer = keyOf(job.delivery.tenantId, job.delivery.customerId);
    if (!this.#own.isFree(job, customer) || this.#view.get(jobKey(job.delivery.id)) !== job) return undefined;
    let attempt: PreparedAttempt;
    try {
      const now = clock.now();
      const deadlineAt = Math.max(now, this.#view.clockAt) + limits.attemptDeadlineMs + slackMs;
      const details = { by: this.#view.token, now, deadlineAt };
      attempt = prepareAttempt(options, job, contact, this.#policyOf(job), verdict, details);
    } catch {
      this.#report(job, { kind: 'permanent', code: 'unrenderable' });
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
    this.#take(own);
    return { own, record };
  }

  /** Nothing can go now. What must not wait so long is handed back, so that another channel can tell it. */
  #blocked(jobs: readonly Job[], why: string, forMs: number): void {
    const { nextInMs, impatient } = this.#waiting.blocked(jobs, forMs);
    for (const job of impatient) this.#report(job, { kind: 'ineligible', code: why });
    this.#wakeIn(nextInMs);
  }

  /* What became of our attempts. */

  async #append(attempts: readonly Prepared[]): Promise<void> {
    const { clock, options } = this.#runtime;
    try {
      await this.#view.append(attempts.map(({ own, record }) => ({ key: own.customer, value: record })));
      for (const { own } of attempts) {
        own.appendedAt = clock.monotonic();
        own.appendedWall = clock.now();
      }
      await options.flush?.();
    } catch {
      // Whether they stand there, and will stay, is not known; if so, nobody should wait for them.
      for (const { own } of attempts) this.#letGo(own, 'append-failed');
      return;
    }
    for (const { own } of attempts) {
      own.phase = 'appended';
      if (this.#stopped) this.#letGo(own, 'shutdown');
    }
    this.#reconcile();
  }

  #stands(own: OwnAttempt): boolean {
    const attempting = this.#view.get<Job>(jobKey(own.job.delivery.id))?.attempting;
    return attempting?.attempt === own.attempt && attempting.by === this.#view.token;
  }

  /** The fold is the referee: it shows whose attempt stands, and what is settled. */
  #reconcile(): void {
    const begin: OwnAttempt[] = [];
    for (const own of this.#own.all()) {
      const job = this.#view.get<Job>(jobKey(own.job.delivery.id));
      if (own.phase === 'told') {
        if (job !== own.job && !this.#stands(own)) this.#own.forget(own);
      } else if (own.phase === 'appended') {
        if (this.#stands(own)) begin.push(own);
        else if (job === undefined || job.attempts >= own.attempt) this.#lostRace(own);
      }
    }
    if (begin.length === 0) return;
    for (const own of begin) own.phase = 'begun';
    void this.#run(this.#begin(begin));
  }

  async #begin(all: readonly OwnAttempt[]): Promise<void> {
    const known = await look(
      this.#runtime.options,
      this.#view,
      all.map(({ job }) => job),
    );
    // From here to the calls nothing waits: what the barriers said a moment ago still holds.
    all.forEach((own, i) => {
      if (this.#view.lost) return this.#letGo(own, 'lost');
      if (this.#stopped) return this.#letGo(own, 'shutdown');
      if (!this.#stands(own)) return this.#lostRace(own);
      if (known === undefined) return this.#letGo(own, 'barriers-unreadable');
      if (this.#isLate(own)) return this.#letGo(own, 'late');
      const { contact, answer } = known[i]!;
      const verdict = mayLeave(own.job.delivery, contact, this.#policyOf(own.job), answer);
      if (verdict.kind === 'stay') return this.#withhold(own, verdict.outcome);
      // Rendered for a contact or a policy that has changed since: the next attempt takes the new one.
      const narrower = own.message!.classes.some((name) => !verdict.classes.includes(name));
      if (narrower || contact!.sourceOffset !== own.contactOffset) return this.#letGo(own, 'contact-changed');
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
    this.#tell(own, outcome);
  }

  /** Another owner's attempt stands, or the delivery was settled meanwhile: nothing is ours to report. */
  #lostRace(own: OwnAttempt): void {
    const { options } = this.#runtime;
    options.metrics.count('attempts_let_go', { channel: options.channel.id, reason: 'not-ours' });
    this.#release(own);
    this.#own.forget(own);
  }

  /** Let go before the first byte: it costs no try. */
  #letGo(own: OwnAttempt, code: LetGo): void {
    this.#withhold(own, { kind: 'not-sent', code });
  }

  #withhold(own: OwnAttempt, outcome: Withheld): void {
    const { breaker, channel, metrics } = this.#runtime.options;
    metrics.count('attempts_let_go', { channel: channel.id, reason: outcome.code });
    if (own.probe) breaker.release();
    this.#tell(own, outcome);
  }

  #tell(own: OwnAttempt, outcome: OutcomeRecord['outcome']): void {
    this.#release(own);
    own.phase = 'told';
    this.#outcomes.write(outcomeRecord(own.job, own.attempt, this.#view.token, outcome));
    // Nobody will show us what became of it.
    if (this.#lost) this.#own.forget(own);
  }

  /** An outcome without an attempt: nothing was sent. */
  #report(job: Job, outcome: OutcomeRecord['outcome']): void {
    const { id, tenantId, customerId } = job.delivery;
    const customer = keyOf(tenantId, customerId);
    if (!this.#own.isFree(job, customer) || this.#view.get(jobKey(id)) !== job) return;
    const attempt = job.attempts + 1;
    this.#take({ job, customer, attempt, phase: 'told', probe: false, appendedAt: 0, appendedWall: 0 });
    this.#outcomes.write(outcomeRecord(job, attempt, this.#view.token, outcome));
  }

  /** The log does not take them. The deadline will settle the attempts; the rest is looked at again. */
  #unrecorded(records: readonly OutcomeRecord[]): void {
    const { stage, partition } = this.#view;
    this.#runtime.options.logger.error('outcomes could not be recorded', {
      stage,
      partition,
      outcomes: records.length,
    });
    for (const { deliveryId } of records) {
      const own = this.#own.get(deliveryId);
      if (own?.phase === 'told' && !this.#stands(own)) this.#own.forget(own);
    }
  }

  /* Bookkeeping. */

  #take(own: OwnAttempt): void {
    this.#own.take(own);
    this.#view.hold(false);
  }

  /** Its slot is free again. */
  #release({ probe }: OwnAttempt): void {
    this.#runtime.slots.release();
    // While the probe was under way, nothing else was taken up.
    if (probe) this.#runtime.wakeAll();
  }

  #policyOf({ delivery: { tenantId } }: Job): TenantPolicy {
    const configured = this.#runtime.options.policy(tenantId);
    const broadcast = this.#view.get<TenantPolicy>(policyKey(tenantId));
    return broadcast !== undefined && broadcast.version >= configured.version ? broadcast : configured;
  }
}
