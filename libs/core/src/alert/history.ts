import type { ReceiptRecord } from '../records/customer.ts';
import type { CustomerStep } from './customer-step.ts';
import { bytesOf } from './entry-size.ts';
import type { AlertHistoryEntry, AlertProgress, MessageState, Question, Try } from './state.ts';

const kept = 50;
/** Of the entry: what is told of an alert later needs the rest. With fewer alerts nobody need measure. */
const room = 40 * 1024;
const surelyFit = 12;
/** Of one alert: ids may be long, and the first ones tell enough. */
const idsKept = 5;
const idsRoom = 512;
const channelsKept = 6;
const fieldsKept = 40;

const entryOf = (step: CustomerStep, alertId: string): AlertHistoryEntry | undefined =>
  step.history.alerts.find((entry) => entry.alertId === alertId);

function firstIds(ids: readonly string[]): string[] {
  const first = ids.slice(0, idsKept);
  while (first.length > 1 && bytesOf(first) > idsRoom) first.pop();
  return first;
}

/** A new alert of the customer; answers within a conversation are no alerts. */
export function noteAlert(step: CustomerStep, message: MessageState, state: AlertProgress): void {
  if (message.only !== undefined) return;
  step.history.alerts.unshift({
    alertId: message.alertId,
    kind: message.content.kind,
    ...(message.accountId === undefined ? {} : { accountId: message.accountId }),
    transactionIds: firstIds(message.transactionIds),
    transactions: message.transactionIds.length,
    at: step.at,
    state,
    channels: [],
    disclosed: [],
  });
  step.history.alerts.splice(kept);
  while (step.history.alerts.length > surelyFit && bytesOf(step.history) > room) step.history.alerts.pop();
  step.touch('history');
}

export function noteProgress(step: CustomerStep, alertId: string, state: AlertProgress): void {
  const entry = entryOf(step, alertId);
  if (!entry || entry.state === state) return;
  entry.state = state;
  step.touch('history');
}

/** What became of one attempt, and which fields left with it. */
export function noteTry(step: CustomerStep, alertId: string, attempt: Try, receipt?: ReceiptRecord): void {
  const entry = entryOf(step, alertId);
  if (!entry) return;
  const { deliveryId, channel, state } = attempt;
  const row = entry.channels.find((known) => known.deliveryId === deliveryId);
  if (row) Object.assign(row, { state, at: step.at });
  else if (entry.channels.length < channelsKept) entry.channels.push({ channel, deliveryId, state, at: step.at });
  entry.disclosed = [...new Set([...entry.disclosed, ...(receipt?.disclosed ?? [])])].slice(0, fieldsKept);
  step.touch('history');
}

export function noteQuestion(step: CustomerStep, question: Question): void {
  for (const alert of step.history.alerts) {
    // Asked again, a question has several alerts: what becomes of it, they all say.
    if (alert.alertId !== question.alertId && alert.question?.id !== question.id) continue;
    alert.question = { id: question.id, state: question.state, at: step.at };
    step.touch('history');
  }
  const entry = entryOf(step, question.alertId);
  if (!entry) return;
  entry.transactionIds = firstIds(question.transactionIds);
  entry.transactions = question.transactionIds.length;
}
