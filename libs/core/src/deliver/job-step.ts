import type { ChannelId } from '../consent.ts';
import type { CounterLabels } from '../metrics/counters.ts';
import { keyOf } from '../partition.ts';
import type { Digest } from '../ports/digest.ts';
import type { ReceiptRecord, ReceiptState } from '../records/customer.ts';
import type { OutcomeRecord } from '../records/delivery.ts';
import type { DeadLetter, LedgerRow } from '../records/outside.ts';
import type { StepContext } from '../stage.ts';
import { seconds } from '../time.ts';
import type { Span } from '../time.ts';
import { topicNames } from '../topics.ts';
import { base64 } from './base64.ts';
import { chainKey, disclosuresKey, jobKey, settledKey, withheldCodes } from './job.ts';
import type { Attempting, Job, Settled } from './job.ts';
import { chained } from './ledger-chain.ts';
import type { ChainHead } from './ledger-chain.ts';
import { letGoDelayMs, retryDelay } from './retry-schedule.ts';
import type { RetrySchedule } from './retry-schedule.ts';

export type AnyOutcome = OutcomeRecord['outcome'];

export interface JobSettings {
  /** Of the stage. */
  readonly name: string;
  /** Its topic. */
  readonly input: string;
  readonly channel: ChannelId;
  readonly digest: Digest;
  readonly retries: RetrySchedule;
  readonly rememberedMs: Span;
  readonly deadLetterRememberedMs: Span;
}

const storyKept = 30;
const disclosuresKept = 30;

/** A record that changes nothing, because another one came first. */
export const dropped = (
  context: StepContext,
  stage: string,
  reason: CounterLabels<'records_dropped'>['reason'],
): void => context.count('records_dropped', { stage, reason });

/**
 * An attempt past its deadline is doubted so often, a second apart on the log's clock, before its outcome counts as unknown.
 * What kept the log from taking anything (a full disk, brokers that are away) kept the outcome out of it too, and the first
 * record after that moves the clock past the deadline. Whoever knows the outcome tries to append it more than once a second;
 * so where the log takes one record after the other and never the outcome, nobody knows it.
 */
const doubtsAllowed = 5;
const doubtMs = seconds(1);

/** Outcomes that need no attempt: nothing was sent, for certain. */
export const mayFollow = ({ kind }: AnyOutcome): boolean =>
  kind === 'not-sent' || kind === 'ineligible' || kind === 'badAddress' || kind === 'permanent';

const ledgerOutcome = ({ kind }: AnyOutcome, left: boolean | undefined): LedgerRow['outcome'] => {
  if (kind === 'accepted' || kind === 'unknown') return kind;
  if (left !== undefined) return left ? 'refused' : 'not-sent';
  // Of earlier builds: as they folded it, so that the chain is the same when it is written again.
  return kind === 'retry' || kind === 'not-sent' ? 'not-sent' : 'refused';
};

/** How a delivery ends here; what a provider reports later goes past `deliver`. */
type EndState = Exclude<ReceiptState, 'sent' | 'delivered' | 'read' | 'failed'>;

/** The receipt of an outcome that ends a delivery. */
const receiptState = (outcome: Exclude<AnyOutcome, { kind: 'retry' | 'not-sent' }>): EndState =>
  outcome.kind === 'ineligible' && withheldCodes.some((code) => code === outcome.code) ? 'revoked' : outcome.kind;

/** One change of one job, with all that follows from it. */
export class JobStep {
  readonly #settings: JobSettings;
  readonly #context: StepContext;
  #job: Job;

  constructor(settings: JobSettings, context: StepContext, job: Job) {
    this.#settings = settings;
    this.#context = context;
    this.#job = job;
  }

  /** A new delivery, or one that is opened again. */
  open(): void {
    if (this.#job.delivery.expiresAt <= this.#context.at) return this.expire();
    this.#keep({});
  }

  /** The first attempt of its number: from now on it stands. */
  begin(attempting: Attempting): void {
    this.#keep({ attempting, attempts: attempting.attempt }, `attempt ${attempting.attempt}`);
    this.#disclose('possible');
  }

  /** The attempt that stands is past its deadline, and no outcome came. */
  doubt(attempting: Attempting): void {
    const doubts = (attempting.doubts ?? 0) + 1;
    if (doubts > doubtsAllowed) return this.settle({ kind: 'unknown', code: 'no-outcome' });
    const deadlineAt = Math.max(this.#context.at, this.#context.recordAt) + doubtMs;
    this.#keep({ attempting: { ...attempting, doubts, deadlineAt } });
  }

  /** Stale: nobody wants to hear it any more. Told to `alert`, which leaves it to the inbox. */
  expire(): void {
    this.#end('expired');
  }

  /** `alert` takes it back: over, unless an attempt stands, which may be sending it. */
  withdraw(): void {
    if (this.#job.attempting !== undefined) return this.#keep({ withdrawn: true }, 'withdrawn');
    this.#note('withdrawn');
    this.#end('expired', { code: 'withdrawn' });
  }

  /** What became of the standing attempt, or why none was made. */
  settle(outcome: AnyOutcome, left?: boolean): void {
    const { attempting } = this.#job;
    const what = 'code' in outcome ? `${outcome.kind}: ${outcome.code}` : outcome.kind;
    if (attempting !== undefined) this.#disclose(ledgerOutcome(outcome, left));
    if (outcome.kind === 'retry' || outcome.kind === 'not-sent') return this.#again(outcome, what);
    this.#note(what);
    const state = receiptState(outcome);
    if (state === 'permanent')
      this.#deadLetter(`The provider or the channel refuses this message: ${codeOf(outcome)}.`);
    this.#end(state, outcome, state === 'permanent');
  }

  #again(outcome: Extract<AnyOutcome, { kind: 'retry' | 'not-sent' }>, what: string): void {
    const { digest, retries: schedule } = this.#settings;
    const { delivery, attempts, withdrawn } = this.#job;
    const counted = outcome.kind === 'retry';
    const retries = this.#job.retries + (counted ? 1 : 0);
    const delay = counted
      ? retryDelay(schedule, retries, outcome.afterMs, `${delivery.id}#${attempts}`, digest)
      : (outcome.afterMs ?? letGoDelayMs);
    const dueAt = this.#context.at + (delay ?? 0);
    if (delay !== undefined && dueAt < delivery.expiresAt && withdrawn !== true) {
      this.#context.count('deliveries', { channel: this.#settings.channel, outcome: outcome.kind });
      const { attempting: _, ...waiting } = this.#job;
      this.#job = waiting;
      return this.#keep({ retries, dueAt }, what);
    }
    this.#note(what);
    if (withdrawn === true) return this.#end('expired', { code: 'withdrawn' });
    if (!counted) return this.expire();
    this.#deadLetter(`Tried ${attempts} times: ${codeOf(outcome)}.`);
    this.#end('permanent', { code: 'retries-used-up' }, true);
  }

  #note(what: string): void {
    const story = [...this.#job.story, { at: this.#context.at, what }];
    // The beginning and the newest tell most.
    this.#job = { ...this.#job, story: story.length > storyKept ? [story[0]!, ...story.slice(1 - storyKept)] : story };
  }

  #keep(changes: Partial<Job>, what?: string): void {
    this.#job = { ...this.#job, ...changes };
    if (what !== undefined) this.#note(what);
    const { delivery, attempting } = this.#job;
    this.#context.entries.put(jobKey(delivery.id), this.#job);
    this.#context.timers.set({
      key: delivery.id,
      due: attempting?.deadlineAt ?? delivery.expiresAt,
      keys: [settledKey(delivery.id), disclosuresKey(keyOf(delivery.tenantId, delivery.customerId))],
      data: delivery.id,
    });
  }

  #end(state: EndState, details: Partial<AnyOutcome> = {}, deadLetter = false): void {
    const context = this.#context;
    const { entries, timers, at } = context;
    const { channel, rememberedMs, deadLetterRememberedMs } = this.#settings;
    const { delivery, attempts, attempting, maySeen, redrives } = this.#job;
    const { id, tenantId, customerId, alertId } = delivery;
    entries.delete(jobKey(id));
    timers.cancel(id);
    const settled: Settled = {
      state,
      attempts,
      maySeen: maySeen + (state === 'accepted' || state === 'unknown' ? 1 : 0),
      redrives,
    };
    // A letter that was redriven once can be redriven again, however this ended; and what is still fresh could still be sent.
    const redrivable = deadLetter || redrives.length > 0;
    const rememberedUntil = at + (redrivable ? deadLetterRememberedMs : rememberedMs);
    entries.put(settledKey(id), settled, Math.max(rememberedUntil, delivery.expiresAt));
    context.count('deliveries', { channel, outcome: state });
    const left = (state === 'accepted' || state === 'unknown') && attempting !== undefined;
    const receipt: ReceiptRecord = {
      type: 'receipt',
      version: 1,
      id: `${id}#${attempts}/${state}`,
      tenantId,
      customerId,
      channel,
      deliveryId: id,
      alertId,
      state,
      at,
      ...('ref' in details && details.ref !== undefined ? { ref: details.ref } : {}),
      ...('code' in details && details.code !== undefined ? { code: details.code } : {}),
      ...(state === 'badAddress' && attempting?.contactOffset !== undefined
        ? { contactOffset: attempting.contactOffset }
        : {}),
      ...('untilAt' in details && details.untilAt !== undefined ? { untilAt: details.untilAt } : {}),
      ...(left ? { disclosed: attempting.disclosure.fields } : {}),
    };
    context.emit({ topic: topicNames.customerEvents, key: keyOf(tenantId, customerId), value: receipt });
  }

  /** A row of the ledger for the standing attempt: that something may have left, and later what became of it. */
  #disclose(outcome: LedgerRow['outcome']): void {
    const { name, digest } = this.#settings;
    const { entries, partition, at } = this.#context;
    const { delivery, attempting } = this.#job;
    const { tenantId, customerId, id: deliveryId, alertId } = delivery;
    const { attempt, disclosure } = attempting!;
    const row = chained(
      {
        type: 'disclosure',
        version: 1,
        id: `${deliveryId}#${attempt}`,
        tenantId,
        customerId,
        deliveryId,
        alertId,
        attempt,
        outcome,
        disclosure,
        at,
        chain: `${name}/${partition}`,
      },
      entries.get<ChainHead>(chainKey(tenantId)),
      digest,
    );
    entries.put(chainKey(tenantId), { sequence: row.sequence, hash: row.hash } satisfies ChainHead);
    const customer = keyOf(tenantId, customerId);
    const recent = entries.get<readonly LedgerRow[]>(disclosuresKey(customer)) ?? [];
    const others = recent.filter(({ id }) => id !== row.id);
    entries.put(disclosuresKey(customer), [...others, row].slice(-disclosuresKept));
    this.#context.emit({ topic: topicNames.ledger, key: customer, value: row });
  }

  #deadLetter(reason: string): void {
    const { name, input } = this.#settings;
    const { partition, offset } = this.#context;
    const { delivery, attempts, story } = this.#job;
    const { tenantId, customerId } = delivery;
    const key = keyOf(tenantId, customerId);
    const value: DeadLetter = {
      type: 'dead-letter',
      version: 1,
      id: `${delivery.id}#${attempts}`,
      stage: name,
      kind: 'undeliverable',
      reason,
      origin: { topic: input, partition, offset },
      key: base64(key),
      value: base64(JSON.stringify(delivery)),
      story,
    };
    this.#context.emit({
      topic: topicNames.deadLetters,
      key,
      value,
      headers: {
        ce_specversion: '1.0',
        ce_id: value.id,
        ce_source: `/tocsin/${name}`,
        ce_type: 'tocsin.dead-letter',
        'content-type': 'application/json',
      },
    });
  }
}

const codeOf = (outcome: AnyOutcome): string => ('code' in outcome ? outcome.code : outcome.kind);
