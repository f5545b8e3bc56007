import { fitsEntry } from '../alert/policy-problems.ts';
import type { ChannelId } from '../consent.ts';
import { keyOf } from '../partition.ts';
import { newerBarrier } from '../ports/barriers.ts';
import type { Digest } from '../ports/digest.ts';
import type { LogRecord } from '../ports/log.ts';
import type {
  AttemptRecord,
  BarrierRecord,
  ContactRecord,
  DeliverRecord,
  DeliveryRecord,
  Lane,
  OutcomeRecord,
  RedriveRecord,
} from '../records/delivery.ts';
import type { TenantPolicyRecord } from '../records/customer.ts';
import type { Stage, StepContext, Timer } from '../stage.ts';
import { days, hours, minutes } from '../time.ts';
import { deliveryTopic } from '../topics.ts';
import { barrierKey, contactKey, disclosuresKey, jobKey, policyKey, settledKey } from './job.ts';
import type { Job, Remembered } from './job.ts';
import { dropped, JobStep, mayFollow } from './job-step.ts';
import { defaultRetries } from './retry-schedule.ts';
import type { RetrySchedule } from './retry-schedule.ts';

export interface DeliverStageOptions {
  readonly channel: ChannelId;
  readonly lane: Lane;
  readonly digest: Digest;
  /** Default: `defaultRetries` of the lane. */
  readonly retries?: RetrySchedule;
}

/**
 * An id is remembered for that long after its delivery was settled, and at least until the delivery is stale, so that a
 * copy that comes later still can only expire; one that became a dead letter or was redriven, as long as the letter can be
 * redriven.
 */
export const rememberedMs = hours(48);
export const deadLetterRememberedMs = days(30);

/** A deadline further away than that, or before the attempt, comes from a wrong clock; the attempt then has a minute. */
const longestAttemptMs = minutes(10);
const usualAttemptMs = minutes(1);

/** At most so many attempts of one delivery that may have been seen. */
const mostSeen = 2;

export const deliverStageName = (channel: ChannelId, lane: Lane): string => `deliver.${channel}.${lane}`;

const types: readonly string[] = ['delivery', 'contact', 'barrier', 'attempt', 'outcome', 'redrive', 'tenant-policy'];
const decoder = new TextDecoder();

function decode(record: LogRecord): DeliverRecord {
  const value = JSON.parse(decoder.decode(record.value ?? new Uint8Array())) as DeliverRecord;
  if (!types.includes(value.type)) throw new Error('Not a record of deliveries.');
  return value;
}

/**
 * What the executor looks at before an attempt and before the send. The step does not need them; read with what it needs,
 * they are in memory then, and cost no round trip of their own.
 */
const forExecutor = (customer: string): readonly string[] => [contactKey(customer), barrierKey(customer)];

function keys(record: DeliverRecord): readonly string[] {
  if (record.type === 'tenant-policy') return [];
  const customer = keyOf(record.tenantId, record.customerId);
  switch (record.type) {
    case 'contact':
    case 'barrier':
      return [contactKey(customer), barrierKey(customer)];
    case 'delivery':
      return [settledKey(record.id), ...forExecutor(customer)];
    case 'attempt':
      return [settledKey(record.deliveryId), disclosuresKey(customer), ...forExecutor(customer)];
    default:
      return [settledKey(record.deliveryId), disclosuresKey(customer)];
  }
}

/**
 * The pure half of `deliver`: what is waiting, what is under way, what became of it, and when to try again. The other half
 * (the executor) looks at the jobs, appends attempts and outcomes, and sends; this fold decides which of them count:
 *
 * - a delivery id is accepted once; only a redrive opens it again, and what is withdrawn is not attempted any more;
 * - of several attempts with the same number the first in the log stands, and only its writer may report its outcome;
 * - an attempt without outcome past its deadline, however often the log was written since, is unknown, and never sent
 *   again from here;
 * - without a standing attempt only such an outcome counts that says that nothing was sent.
 *
 * So whatever a late or doubled owner appends, a delivery ends once, in one receipt.
 */
export function deliverStage({
  channel,
  lane,
  digest,
  retries = defaultRetries[lane],
}: DeliverStageOptions): Stage<DeliverRecord> {
  const name = deliverStageName(channel, lane);
  const input = deliveryTopic(channel, lane);
  const settings = { name, input, channel, digest, retries, rememberedMs, deadLetterRememberedMs };
  const jobOf = (context: StepContext, deliveryId: string) => context.entries.get<Job>(jobKey(deliveryId));
  const at = (context: StepContext, job: Job) => new JobStep(settings, context, job);

  function onDelivery(context: StepContext, delivery: DeliveryRecord): void {
    if (delivery.withdrawn === true) return onWithdrawal(context, delivery.id);
    if (context.entries.get<Remembered>(settledKey(delivery.id)) !== undefined)
      return dropped(context, name, 'repeated-delivery');
    context.entries.put(settledKey(delivery.id), { state: 'open' } satisfies Remembered);
    at(context, {
      delivery,
      acceptedAt: context.recordAt,
      place: context.offset,
      dueAt: context.recordAt,
      attempts: 0,
      retries: 0,
      maySeen: 0,
      story: [{ at: context.recordAt, what: 'accepted' }],
      redrives: [],
    }).open();
  }

  function onWithdrawal(context: StepContext, deliveryId: string): void {
    const job = jobOf(context, deliveryId);
    if (job !== undefined) at(context, job).withdraw();
  }

  function onContact({ entries }: StepContext, contact: ContactRecord): void {
    const key = contactKey(keyOf(contact.tenantId, contact.customerId));
    const known = entries.get<ContactRecord>(key);
    // An equal offset is the same change told again, or a later part of the same one.
    if (known === undefined || contact.sourceOffset >= known.sourceOffset) entries.put(key, contact);
    const barrier = barrierKey(keyOf(contact.tenantId, contact.customerId));
    if ((entries.get<BarrierRecord>(barrier)?.offset ?? Infinity) <= contact.sourceOffset) entries.delete(barrier);
  }

  function onBarrier({ entries }: StepContext, barrier: BarrierRecord): void {
    const customer = keyOf(barrier.tenantId, barrier.customerId);
    if ((entries.get<ContactRecord>(contactKey(customer))?.sourceOffset ?? -1) >= barrier.offset) return;
    const known = entries.get<BarrierRecord>(barrierKey(customer)) ?? null;
    if (newerBarrier(barrier, known) !== known) entries.put(barrierKey(customer), barrier);
  }

  function onAttempt(context: StepContext, record: AttemptRecord): void {
    const job = jobOf(context, record.deliveryId);
    if (job === undefined) return dropped(context, name, 'attempt-without-delivery');
    if (job.attempting !== undefined || record.attempt !== job.attempts + 1)
      return dropped(context, name, 'repeated-attempt');
    const { attempt, by, disclosure } = record;
    const span = record.deadlineAt - context.recordAt;
    const deadlineAt = context.recordAt + (span > 0 && span <= longestAttemptMs ? span : usualAttemptMs);
    // It leaves only for the contact that it was rendered for, which is this one: a later one lets it go.
    const contact = context.entries.get<ContactRecord>(contactKey(keyOf(record.tenantId, record.customerId)));
    at(context, job).begin({
      attempt,
      by,
      deadlineAt,
      startedAt: context.recordAt,
      ...(contact === undefined ? {} : { contactOffset: contact.sourceOffset }),
      disclosure,
    });
  }

  function onOutcome(context: StepContext, record: OutcomeRecord): void {
    const job = jobOf(context, record.deliveryId);
    if (job === undefined) return dropped(context, name, 'outcome-without-delivery');
    const { attempting } = job;
    if (attempting === undefined) {
      const fits = record.attempt === job.attempts + 1 && mayFollow(record.outcome);
      return fits ? at(context, job).settle(record.outcome) : dropped(context, name, 'outcome-without-attempt');
    }
    const own = record.attempt === attempting.attempt && (record.by === undefined || record.by === attempting.by);
    return own ? at(context, job).settle(record.outcome, record.left) : dropped(context, name, 'outcome-of-another');
  }

  function onRedrive(context: StepContext, record: RedriveRecord): void {
    const known = context.entries.get<Remembered>(settledKey(record.deliveryId));
    const settled = known === undefined || known.state === 'open' ? undefined : known;
    const refused =
      known?.state === 'open' ||
      record.delivery.id !== record.deliveryId ||
      settled?.redrives.includes(record.id) === true ||
      settled?.state === 'accepted' ||
      (settled?.maySeen ?? 0) >= mostSeen;
    context.count('redrives', { channel, outcome: refused ? 'refused' : 'reopened' });
    if (refused) return;
    context.entries.put(settledKey(record.deliveryId), { state: 'open' } satisfies Remembered);
    at(context, {
      delivery: record.delivery,
      acceptedAt: context.recordAt,
      place: context.offset,
      dueAt: context.recordAt,
      attempts: settled?.attempts ?? 0,
      retries: 0,
      maySeen: settled?.maySeen ?? 0,
      story: [{ at: context.recordAt, what: 'redriven' }],
      redrives: [...(settled?.redrives ?? []), record.id].slice(-10),
    }).open();
  }

  function onPolicy({ entries }: StepContext, { tenantId, policy }: TenantPolicyRecord): void {
    const known = entries.get<TenantPolicyRecord['policy']>(policyKey(tenantId));
    if (!fitsEntry(policy)) return;
    if (known === undefined || policy.version > known.version) entries.put(policyKey(tenantId), policy);
  }

  return {
    name,
    input,
    decode,
    keys,
    step(context, record) {
      switch (record.type) {
        case 'delivery':
          return onDelivery(context, record);
        case 'contact':
          return onContact(context, record);
        case 'barrier':
          return onBarrier(context, record);
        case 'attempt':
          return onAttempt(context, record);
        case 'outcome':
          return onOutcome(context, record);
        case 'redrive':
          return onRedrive(context, record);
        case 'tenant-policy':
          return onPolicy(context, record);
      }
    },
    onTimer(context, timer: Timer) {
      const job = jobOf(context, timer.data as string);
      if (job === undefined) return;
      if (job.attempting === undefined) return at(context, job).expire();
      at(context, job).doubt(job.attempting);
    },
  };
}
