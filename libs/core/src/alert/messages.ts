import type { ChannelId } from '../consent.ts';
import type { DeliveryRecord, MessageContent } from '../records/delivery.ts';
import { deliveryTopic } from '../topics.ts';
import { openCase } from './cases.ts';
import { channelOrder, ensureContact, reach } from './contacts.ts';
import type { CustomerStep } from './customer-step.ts';
import { noteAlert, noteProgress, noteTry } from './history.ts';
import type { DeliveryRow, MessageState, Try, TryState } from './state.ts';

/*
 * One message, told on one channel after the other until one has it. Who decides what: here, which channel is next; in
 * `deliver`, whether it may still leave and with which fields.
 */

/** At most so many attempts of one message on one channel that may have been seen. */
const perChannel = 2;
const rowsKept = 100;

const proven: readonly TryState[] = ['failed', 'permanent', 'badAddress', 'ineligible', 'expired', 'revoked'];

/** Certainly not seen by the customer, now or later. */
export const isProvenFailure = (state: TryState): boolean => proven.includes(state);

/** Attempts that the customer may have seen, on one channel or on all. */
export const maySee = (message: MessageState, channel?: ChannelId): number =>
  message.tries.filter(
    (attempt) => (channel === undefined || attempt.channel === channel) && !isProvenFailure(attempt.state),
  ).length;

/** A message whose failure staff must hear of; the rest rests in the inbox. */
const isUrgent = (message: MessageState): boolean => message.priority === 0 && message.only === undefined;

export type NewMessage = Omit<MessageState, 'open' | 'tries'>;

/** Decides the first channel and tells it there; with no channel at all, says so to staff or leaves it to the inbox. */
export function tell(step: CustomerStep, newMessage: NewMessage): MessageState {
  const message: MessageState = { ...newMessage, open: true, tries: [] };
  noteAlert(step, message, 'sending');
  step.keepMessage(message);
  if (!tryNext(step, message, 'first', false)) giveUp(step, message);
  return message;
}

function candidates(step: CustomerStep, message: MessageState): readonly ChannelId[] {
  const order = message.only === undefined ? channelOrder(step, message.prefer) : [message.only];
  return order.filter((channel) => reach(step, channel, message.purpose, message.evenIfStopped) === 'eligible');
}

/** Emits the delivery on the next channel that was not tried yet. False when there is none. */
export function tryNext(step: CustomerStep, message: MessageState, cause: Try['cause'], mayRepeat: boolean): boolean {
  const tried = new Set(message.tries.map(({ channel }) => channel));
  const channel = candidates(step, message).find((candidate) => !tried.has(candidate));
  if (channel === undefined) return false;
  deliver(step, message, channel, cause, mayRepeat);
  return true;
}

/** The same channel once more, saying that it may repeat: only when nothing else is left and nobody knows what became of it. */
export function tryAgain(step: CustomerStep, message: MessageState, channel: ChannelId): boolean {
  if (maySee(message, channel) >= perChannel || !candidates(step, message).includes(channel)) return false;
  deliver(step, message, channel, 'repeat', true);
  return true;
}

/** Where a reminder would go now; undefined when no channel may take one. */
export function reminderChannel(step: CustomerStep, message: MessageState): ChannelId | undefined {
  const open = candidates(step, message).filter((channel) => maySee(message, channel) < perChannel);
  const all = channelOrder(step, message.prefer);
  const last = all.indexOf(message.tries.at(-1)?.channel ?? '');
  return open.find((candidate) => all.indexOf(candidate) > last) ?? open[0];
}

/**
 * A reminder goes to the channel after the last one, and round again, never more than twice on one channel. What the
 * message says is brought up to date only where it leaves.
 */
export function remind(
  step: CustomerStep,
  message: MessageState,
  present: Partial<Pick<MessageState, 'content'>>,
): boolean {
  const channel = reminderChannel(step, message);
  if (channel === undefined) return false;
  Object.assign(message, present);
  deliver(step, message, channel, 'reminder', false);
  return true;
}

function deliver(
  step: CustomerStep,
  message: MessageState,
  channel: ChannelId,
  cause: Try['cause'],
  mayRepeat: boolean,
): void {
  ensureContact(step, channel);
  const deliveryId = `${message.alertId}/${channel}/${message.tries.length + 1}`;
  const attempt: Try = { deliveryId, channel, cause, state: 'pending', emittedAt: step.at };
  message.tries.push(attempt);
  const row: DeliveryRow = { deliveryId, alertId: message.alertId, channel, state: 'pending', emittedAt: step.at };
  addRow(step, row);
  step.keepMessage(message);
  noteTry(step, message.alertId, attempt);
  const value: DeliveryRecord = {
    ...recordOf(step, message, attempt, mayRepeat ? { ...message.content, mayRepeat: true } : message.content),
    ...(message.evenIfStopped ? { evenIfStopped: true } : {}),
    // The age of an alert is measured once, on its first way out.
    ...(message.receivedAt !== undefined && cause === 'first' ? { receivedAt: message.receivedAt } : {}),
    ...(message.accountId === undefined ? {} : { accountId: message.accountId }),
  };
  step.context.emit({ topic: deliveryTopic(channel, value.lane), key: step.key, value });
}

const recordOf = (
  { tenantId, customerId }: CustomerStep,
  { alertId, priority, purpose, expiresAt }: MessageState,
  { deliveryId, channel }: Try,
  content: MessageContent,
): DeliveryRecord => ({
  type: 'delivery',
  version: 1,
  id: deliveryId,
  alertId,
  tenantId,
  customerId,
  channel,
  lane: priority === 0 ? 'urgent' : 'routine',
  priority,
  purpose,
  content,
  expiresAt,
});

/** Nobody needs to hear it any more: those of these attempts that still wait in `deliver` are not to leave. */
export function withdraw(step: CustomerStep, message: MessageState, attempts: readonly Try[]): void {
  for (const attempt of attempts) {
    if (attempt.state !== 'pending' || attempt.withdrawn) continue;
    attempt.withdrawn = true;
    step.keepMessage(message);
    const content = { kind: message.content.kind, items: [], reasons: [] };
    const value: DeliveryRecord = { ...recordOf(step, message, attempt, content), withdrawn: true };
    step.context.emit({ topic: deliveryTopic(attempt.channel, value.lane), key: step.key, value });
  }
}

/** The oldest go first: a provider's receipt that comes after a hundred newer deliveries is counted as unmatched. */
export function addRow(step: CustomerStep, row: DeliveryRow): void {
  step.activity.rows.push(row);
  if (step.activity.rows.length > rowsKept) step.activity.rows.shift();
  step.touch('activity');
}

/** No channel is left. Urgent: a person must call. The rest is found in the inbox. */
export function giveUp(step: CustomerStep, message: MessageState): void {
  if (!message.open) return;
  message.open = false;
  step.keepMessage(message);
  step.context.count('deliveries', { channel: message.only ?? 'inbox', outcome: 'expired' });
  if (!isUrgent(message)) return noteProgress(step, message.alertId, 'expired');
  noteProgress(step, message.alertId, 'unreachable');
  const reasons = Object.keys(step.settings.channels).map((channel) => {
    const last = message.tries.findLast((attempt) => attempt.channel === channel);
    return `${channel}: ${last ? last.state : reach(step, channel, message.purpose)}`;
  });
  openCase(step, {
    kind: 'unreachable',
    severity: 'high',
    subject: [message.alertId],
    ...(message.accountId === undefined ? {} : { accountId: message.accountId }),
    reasons: [`${message.content.kind} reached the customer on no channel`, ...reasons],
    transactionIds: message.transactionIds,
  });
}

/** Nothing more to tell: the customer answered, or it is too old. */
export function closeMessage(step: CustomerStep, alertId: string): void {
  const message = step.message(alertId);
  if (!message?.open) return;
  message.open = false;
  step.keepMessage(message);
}
