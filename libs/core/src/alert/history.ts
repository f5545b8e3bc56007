import type { ReceiptRecord } from '../records/customer.ts';
import type { CustomerStep } from './customer-step.ts';
import type { AlertHistoryEntry, AlertProgress, MessageState, Question, Try } from './state.ts';

const kept = 50;
const channelsKept = 6;
const fieldsKept = 40;

const entryOf = (step: CustomerStep, alertId: string): AlertHistoryEntry | undefined =>
  step.history.alerts.find((entry) => entry.alertId === alertId);

/** A new alert of the customer; answers within a conversation are no alerts. */
export function noteAlert(step: CustomerStep, message: MessageState, state: AlertProgress): void {
  if (message.only !== undefined) return;
  step.history.alerts.unshift({
    alertId: message.alertId,
    kind: message.content.kind,
    ...(message.accountId === undefined ? {} : { accountId: message.accountId }),
    transactionIds: message.transactionIds.slice(0, 5),
    transactions: message.transactionIds.length,
    at: step.at,
    state,
    channels: [],
    disclosed: [],
  });
  step.history.alerts.splice(kept);
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
  entry.transactionIds = question.transactionIds.slice(0, 5);
  entry.transactions = question.transactionIds.length;
}
