import { jobKey, keyOf, policyKey, stands } from '@tocsin/core';
import type { Job, Outcome, OutcomeRecord, PartitionView, TenantPolicy } from '@tocsin/core';
import { outcomeRecord } from './attempt-record.ts';
import type { LetGo, Withheld } from './may-leave.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import { OwnAttempts } from './own-attempt.ts';
import type { ExecutorRuntime, OwnAttempt } from './own-attempt.ts';

/**
 * Between the deadline of the call and that of the attempt: as long as a call may begin after its attempt. For the outcome to
 * reach the log, there is the time in which the fold doubts the attempt.
 */
export const slackMs = 2_000;

/** What this owner has taken up in a partition, and what it tells the log of it. */
export class AttemptBook {
  readonly #runtime: ExecutorRuntime;
  readonly #view: PartitionView;
  readonly #outcomes: OutcomeWriter;
  readonly own: OwnAttempts;
  #lost = false;

  constructor(runtime: ExecutorRuntime, view: PartitionView) {
    this.#runtime = runtime;
    this.#view = view;
    this.own = new OwnAttempts(runtime);
    this.#outcomes = runtime.outcomesOf(view.partition);
    this.#outcomes.follow(view, (records) => this.#unrecorded(records));
  }

  /** Resolves when the log knows all that was told. */
  settled(): Promise<void> {
    return this.#outcomes.settled();
  }

  /** The partition is another's: nobody will show us any more what became of what was told. */
  lost(): void {
    this.#lost = true;
    for (const own of this.own.all()) if (own.phase === 'told') this.own.forget(own);
  }

  /** Does the fold show that this attempt stands? */
  stands(own: OwnAttempt): boolean {
    const job = this.#view.get<Job>(jobKey(own.job.delivery.id));
    return stands(job, { attempt: own.attempt, by: this.#view.token });
  }

  /** Taken back by `alert` since the attempt was recorded? */
  isWithdrawn({ job }: OwnAttempt): boolean {
    return this.#view.get<Job>(jobKey(job.delivery.id))?.withdrawn === true;
  }

  /** Is the job as it was when it was looked at, and nothing under way for it or its customer? */
  isOpen(job: Job, customer: string): boolean {
    return this.own.isFree(job, customer) && this.#view.get(jobKey(job.delivery.id)) === job;
  }

  take(own: OwnAttempt): void {
    this.own.take(own);
    this.#view.hold(false);
  }

  /** An outcome without an attempt: nothing was sent. */
  report(job: Job, outcome: OutcomeRecord['outcome']): void {
    const customer = keyOf(job.delivery.tenantId, job.delivery.customerId);
    if (!this.isOpen(job, customer)) return;
    const attempt = job.attempts + 1;
    this.take({ job, customer, attempt, phase: 'told', probe: false, appendedAt: 0, appendedWall: 0 });
    this.#outcomes.write(outcomeRecord(job, attempt, this.#view.token, outcome, false));
  }

  /** What became of a call of the channel. */
  tell(own: OwnAttempt, outcome: Outcome): void {
    this.#end(own, outcome, !('nothingLeft' in outcome && outcome.nothingLeft === true));
  }

  #end(own: OwnAttempt, outcome: OutcomeRecord['outcome'], left: boolean): void {
    this.#release(own);
    own.phase = 'told';
    this.#outcomes.write(outcomeRecord(own.job, own.attempt, this.#view.token, outcome, left));
    if (this.#lost) this.own.forget(own);
  }

  /** Let go before the first byte: it costs no try. */
  letGo(own: OwnAttempt, code: LetGo): void {
    this.withhold(own, { kind: 'not-sent', code });
  }

  withhold(own: OwnAttempt, outcome: Withheld): void {
    const { breaker, channel, metrics } = this.#runtime.options;
    metrics.count('attempts_let_go', { channel: channel.id, reason: outcome.code });
    if (own.probe) breaker.release();
    this.#end(own, outcome, false);
  }

  /** Another owner's attempt stands, or the delivery was settled meanwhile: nothing is ours to report. */
  lostRace(own: OwnAttempt): void {
    const { breaker, channel, metrics } = this.#runtime.options;
    metrics.count('attempts_let_go', { channel: channel.id, reason: 'not-ours' });
    // Nothing was found out by it: another may, or the provider account would count as broken for ever.
    if (own.probe) breaker.release();
    this.#release(own);
    this.own.forget(own);
  }

  policyOf({ delivery: { tenantId } }: Job): TenantPolicy {
    const configured = this.#runtime.options.policy(tenantId);
    const broadcast = this.#view.get<TenantPolicy>(policyKey(tenantId));
    return broadcast !== undefined && broadcast.version >= configured.version ? broadcast : configured;
  }

  /** Its slot is free again. */
  #release({ probe }: OwnAttempt): void {
    this.#runtime.slots.release();
    // While the probe was under way, nothing else was taken up.
    if (probe) this.#runtime.wakeAll();
  }

  /** The deadline will settle the attempts; the rest is looked at again. */
  #unrecorded(records: readonly OutcomeRecord[]): void {
    for (const { deliveryId } of records) {
      const own = this.own.get(deliveryId);
      if (own?.phase === 'told' && !this.stands(own)) this.own.forget(own);
    }
  }
}
