import type { Digest } from '../ports/digest.ts';
import { providerKey } from '../provider-key.ts';
import type { ReceiptRecord, ReceiptState } from '../records/customer.ts';
import type { Timer } from '../stage.ts';
import { seconds } from '../time.ts';
import type { Span } from '../time.ts';
import { announceContacts, usableAddress, writeSnapshot } from './contacts.ts';
import type { CustomerStep } from './customer-step.ts';
import { noteProgress, noteTry } from './history.ts';
import { addRow, giveUp, isProvenFailure, tryAgain, tryNext, withdraw } from './messages.ts';
import { armQuestion } from './questions.ts';
import type { ActivityState, DeliveryRow, MessageState, Try, TryState } from './state.ts';

/*
 * Receipts come late, twice, out of order and before the delivery that they belong to. A state only moves forward and
 * never leaves an end; what contradicts that is counted.
 */

const ranks: Readonly<Partial<Record<TryState, number>>> = {
  pending: 0,
  unknown: 1,
  accepted: 2,
  sent: 3,
  delivered: 4,
  read: 5,
};
const rank = (state: TryState): number => ranks[state] ?? 9;

const heldAtMost = 20;
/** The provider's clock for a message runs a little before ours for its acceptance. */
const clockSlack = seconds(5);

type Handle = Pick<ReceiptRecord, 'tenantId' | 'channel' | 'deliveryId' | 'ref' | 'key' | 'watermarkAt' | 'state'>;

const isUnder = (row: DeliveryRow, key: string | undefined, tenantId: string, digest: Digest): boolean =>
  key !== undefined && providerKey(digest, tenantId, row.deliveryId) === key;

/** Nobody told us the provider's id of a send whose outcome is unknown; the key that we sent with it names it all the same. */
const isOfKey = (row: DeliveryRow, key: string | undefined, tenantId: string, digest: Digest): boolean =>
  row.ref === undefined && isUnder(row, key, tenantId, digest);

/** The deliveries that a receipt speaks of. A watermark speaks of everything sent before it that is not further yet. */
function rowsOf(activity: ActivityState, receipt: Handle, digest: Digest): DeliveryRow[] {
  if (receipt.deliveryId !== undefined) return activity.rows.filter((row) => row.deliveryId === receipt.deliveryId);
  return activity.rows.filter((row) => {
    if (row.channel !== receipt.channel) return false;
    const { ref, key, tenantId } = receipt;
    if (ref !== undefined) return row.ref === ref || (row.state === 'unknown' && isOfKey(row, key, tenantId, digest));
    // A gateway that gives back nothing but the key; what it reports before the news of the hand-over waits for that.
    if (key !== undefined) return row.state !== 'pending' && isUnder(row, key, tenantId, digest);
    if (receipt.watermarkAt === undefined || row.sentAt === undefined || row.sentAt > receipt.watermarkAt) return false;
    return !isProvenFailure(row.state) && rank(row.state) < rank(receipt.state);
  });
}

/** Entries of the messages that a receipt may concern. */
export function messagesOfReceipt(
  activity: ActivityState | undefined,
  receipt: ReceiptRecord,
  digest: Digest,
): readonly string[] {
  return activity ? [...new Set(rowsOf(activity, receipt, digest).map((row) => row.alertId))] : [];
}

export function onReceipt(step: CustomerStep, receipt: ReceiptRecord): void {
  const rows = rowsOf(step.activity, receipt, step.settings.digest);
  if (rows.length === 0) rows.push(...forgottenRow(step, receipt));
  if (receipt.deliveryId === undefined) hold(step, receipt, rows.length > 0);
  if (rows.length === 0) step.context.count('receipts', { state: receipt.state, effect: 'unmatched' });
  for (const row of rows) {
    const earlier: ReceiptState[] = [];
    if (receipt.deliveryId !== undefined && (receipt.state === 'accepted' || receipt.state === 'unknown')) {
      if (receipt.ref !== undefined) row.ref = receipt.ref;
      if (receipt.state === 'accepted') row.sentAt = Math.max(row.emittedAt, receipt.at - clockSlack);
      step.touch('activity');
      earlier.push(...heldFor(step, row));
    } else if (receipt.ref !== undefined && row.ref === undefined) {
      // Found by its key: from now on by its own id.
      row.ref = receipt.ref;
      step.touch('activity');
    }
    apply(step, row, receipt.state, receipt);
    for (const state of earlier) apply(step, row, state, receipt);
  }
}

/** Only the newest deliveries have rows; what `deliver` reports names its message, which is remembered longer. */
function forgottenRow(step: CustomerStep, { deliveryId, alertId, channel }: ReceiptRecord): DeliveryRow[] {
  if (deliveryId === undefined || alertId === undefined) return [];
  const attempt = step.message(alertId)?.tries.find((candidate) => candidate.deliveryId === deliveryId);
  if (!attempt) return [];
  const row: DeliveryRow = { deliveryId, alertId, channel, state: attempt.state, emittedAt: attempt.emittedAt };
  addRow(step, row);
  return [row];
}

/** A watermark names no message. */
const speaksOfAll = ({ ref, key }: Pick<ReceiptRecord, 'ref' | 'key'>): boolean => (ref ?? key) === undefined;

/** A receipt may be faster than the news of the hand-over: it waits; a watermark also for what is accepted a moment later. */
function hold(step: CustomerStep, receipt: ReceiptRecord, matched: boolean): void {
  const { activity, at } = step;
  const { channel, ref, key, watermarkAt, state } = receipt;
  if (matched && !speaksOfAll(receipt)) return;
  activity.held = activity.held.filter((held) => {
    const olderWatermark =
      speaksOfAll(receipt) && speaksOfAll(held) && held.channel === channel && held.state === state;
    return held.until > at && !(olderWatermark && (held.watermarkAt ?? 0) <= (watermarkAt ?? 0));
  });
  activity.held.push({
    channel,
    state,
    until: at + step.settings.timing.holdReceiptMs,
    ...(ref === undefined ? {} : { ref }),
    ...(key === undefined ? {} : { key }),
    ...(watermarkAt === undefined ? {} : { watermarkAt }),
  });
  activity.held.splice(0, activity.held.length - heldAtMost);
  step.touch('activity');
}

function heldFor(step: CustomerStep, row: DeliveryRow): ReceiptState[] {
  const { activity, at } = step;
  const fits = activity.held.filter((held) => {
    if (held.until <= at || held.channel !== row.channel) return false;
    if (held.ref !== undefined)
      return held.ref === row.ref || isOfKey(row, held.key, step.tenantId, step.settings.digest);
    if (held.key !== undefined) return isUnder(row, held.key, step.tenantId, step.settings.digest);
    return held.watermarkAt !== undefined && row.sentAt !== undefined && row.sentAt <= held.watermarkAt;
  });
  activity.held = activity.held.filter((held) => held.until > at && (speaksOfAll(held) || !fits.includes(held)));
  const ref = row.ref ?? fits.find((held) => held.ref !== undefined)?.ref;
  if (ref !== undefined) row.ref = ref;
  return fits.map(({ state }) => state).sort((a, b) => rank(a) - rank(b));
}

function apply(step: CustomerStep, row: DeliveryRow, state: ReceiptState, receipt: ReceiptRecord): void {
  const message = step.message(row.alertId);
  const attempt = message?.tries.find(({ deliveryId }) => deliveryId === row.deliveryId);
  if (!message || !attempt) return step.context.count('receipts', { state, effect: 'unmatched' });
  const effect = effectOf(attempt.state, state);
  step.context.count('receipts', { state, effect });
  if (effect === 'conflict' && !isProvenFailure(state)) noteSeen(step, message, attempt);
  if (effect !== 'forward') return;
  const before = attempt.state;
  if (!isProvenFailure(state) && (before === 'pending' || isProvenFailure(before))) {
    attempt.handedOverAt = Math.max(attempt.emittedAt, Math.min(receipt.at, step.context.recordAt));
  }
  attempt.state = state;
  row.state = state;
  step.keepMessage(message);
  step.touch('activity');
  noteTry(step, message.alertId, attempt, receipt);
  if (isProvenFailure(state)) return onFailure(step, message, attempt, state, receipt);
  // Staff have a case already, or another channel told it.
  if (isProvenFailure(before)) return state === 'accepted' ? noteProgress(step, message.alertId, state) : undefined;
  onProgress(step, message, attempt, before);
}

/** `forward` changes something, `stale` says what is known, `conflict` contradicts an end. */
function effectOf(now: TryState, next: ReceiptState): 'forward' | 'stale' | 'conflict' {
  if (isProvenFailure(now)) {
    if (isProvenFailure(next)) return 'stale';
    // An operator sent the dead letter again: `deliver` then reports a new acceptance, or that it may have left now.
    if ((next === 'accepted' || next === 'unknown') && now !== 'failed') return 'forward';
    return rank(next) >= rank('delivered') ? 'conflict' : 'stale';
  }
  if (isProvenFailure(next)) return rank(now) >= rank('delivered') ? 'conflict' : 'forward';
  return rank(next) > rank(now) ? 'forward' : 'stale';
}

/** Arrived for certain: delivered, or accepted where nobody will ever say more. */
const isSeen = (step: CustomerStep, channel: string, state: TryState): boolean =>
  rank(state) >= rank(step.settings.channels[channel]?.receipts === false ? 'accepted' : 'delivered') &&
  !isProvenFailure(state);

const repeats = ({ cause }: Try): boolean => cause === 'failover' || cause === 'repeat';

const laterThan = (message: MessageState, attempt: Try): readonly Try[] =>
  message.tries.slice(message.tries.indexOf(attempt) + 1);

/** It arrived although another channel was asked meanwhile: the customer sees it twice, unless that one was withdrawn in time. */
function noteSeen(step: CustomerStep, message: MessageState, attempt: Try): void {
  const later = laterThan(message, attempt).filter(repeats);
  const again = later.some(({ state, withdrawn }) => !withdrawn && !isProvenFailure(state));
  const tooLate = attempt.withdrawn === true && repeats(attempt);
  if (again || tooLate) step.context.count('visible_duplicates', { channel: attempt.channel });
}

const timerKey = (step: CustomerStep, alertId: string): string => `step/${step.key}|${alertId}`;

function onProgress(step: CustomerStep, message: MessageState, attempt: Try, before: TryState): void {
  const { context } = step;
  const { state, channel } = attempt;
  if (message.content.questionId !== undefined) armQuestion(step, message.content.questionId, message.alertId);
  if (isSeen(step, channel, state)) {
    withdraw(step, message, laterThan(message, attempt).filter(repeats));
    if (!isSeen(step, channel, before)) noteSeen(step, message, attempt);
    context.timers.cancel(timerKey(step, message.alertId));
    message.open = false;
    return noteProgress(
      step,
      message.alertId,
      state === 'read' ? 'read' : state === 'delivered' ? 'delivered' : 'accepted',
    );
  }
  if (state === 'accepted' || state === 'sent') noteProgress(step, message.alertId, 'accepted');
  const within = patience(step, message, attempt);
  if (within === undefined || state === 'sent' || !message.open || message.tries.at(-1) !== attempt) return;
  context.timers.set({
    key: timerKey(step, message.alertId),
    // From the append time of the record that reports the hand-over: catching up after an outage escalates nothing.
    due: context.recordAt + within,
    keys: step.entriesWith(message.alertId),
    data: {
      tenantId: step.tenantId,
      customerId: step.customerId,
      alertId: message.alertId,
      deliveryId: attempt.deliveryId,
    },
  });
}

/** How long to wait for a receipt before the next channel is asked; undefined: as long as it takes. */
function patience(step: CustomerStep, message: MessageState, attempt: Try): Span | undefined {
  const { timing } = step.settings;
  if (attempt.cause === 'reminder' || message.only !== undefined) return undefined;
  const urgent = message.priority === 0;
  if (attempt.state === 'unknown') return urgent ? timing.unknownUrgentMs : timing.unknownRoutineMs;
  if (urgent) return timing.deliveredWithinMs[attempt.channel] ?? timing.deliveredWithinMs['*'];
  return message.priority === 1 ? timing.routineDeliveredWithinMs : undefined;
}

/** Nothing more was heard in time. */
export function onSilence(step: CustomerStep, timer: Timer): void {
  const { alertId, deliveryId } = timer.data as { readonly alertId: string; readonly deliveryId: string };
  const message = step.message(alertId);
  const attempt = message?.tries.find((candidate) => candidate.deliveryId === deliveryId);
  if (!message?.open || !attempt || message.tries.at(-1) !== attempt) return;
  const urgent = message.priority === 0;
  if (attempt.state === 'unknown') {
    // Whether it arrived is not known: only what is urgent is told once more, elsewhere first, and says that it may repeat.
    const told = urgent && (tryNext(step, message, 'failover', true) || tryAgain(step, message, attempt.channel));
    if (!told) giveUp(step, message);
    return;
  }
  if (attempt.state !== 'accepted' && attempt.state !== 'sent') return;
  if (tryNext(step, message, 'failover', true)) return;
  if (urgent) giveUp(step, message);
}

function onFailure(
  step: CustomerStep,
  message: MessageState,
  attempt: Try,
  state: ReceiptState,
  receipt: ReceiptRecord,
): void {
  if (state === 'badAddress') markBad(step, attempt.channel, receipt.contactOffset);
  if (state === 'ineligible' && receipt.untilAt !== undefined) {
    step.profile.ineligible[attempt.channel] = receipt.untilAt;
    step.touch('profile');
  }
  if (!message.open || attempt.cause === 'reminder') return;
  // A later attempt is under way: it decides.
  if (laterThan(message, attempt).some((other) => !isProvenFailure(other.state))) return;
  step.context.timers.cancel(timerKey(step, message.alertId));
  const mayRepeat = message.tries.some((other) => !isProvenFailure(other.state));
  const next = state !== 'expired' && tryNext(step, message, 'failover', mayRepeat);
  if (!next) giveUp(step, message);
}

/**
 * Invalid for every alert until the address changes, or the bank vouches for it anew. Where the address is newer than the
 * contact that was tried, the provider has said nothing about it.
 */
function markBad(step: CustomerStep, channel: string, tried: number | undefined): void {
  const address = usableAddress(step.profile, channel);
  if (address === null) return;
  if (tried !== undefined && tried < (step.profile.addressSince?.[channel] ?? 0)) return;
  step.profile.invalid[channel] = address;
  step.touch('profile');
  announceContacts(step, [channel]);
  writeSnapshot(step);
}
