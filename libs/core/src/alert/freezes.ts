import type { CounterLabels } from '../metrics/counters.ts';
import { keyOf } from '../partition.ts';
import { requestIdOf } from '../request-id.ts';
import type { LabelRecord } from '../records/account.ts';
import type { CustomerBankAnswerRecord, RequestSentRecord } from '../records/customer.ts';
import type { MessageItem, MessageKind } from '../records/delivery.ts';
import type { BankRequest } from '../records/outside.ts';
import type { Timer } from '../stage.ts';
import { days, hours, seconds } from '../time.ts';
import type { Instant } from '../time.ts';
import { topicNames } from '../topics.ts';
import { cloudEvent, openCase } from './cases.ts';
import type { CustomerStep } from './customer-step.ts';
import { fitBesideQuestions } from './entry-size.ts';
import { tell } from './messages.ts';
import type { Question, RequestState } from './state.ts';

/* What an answer sets in motion outside: labels, a request to the bank, and what the bank makes of it. */

const requestsKept = 20;
const kinds = ['freeze-done', 'freeze-failed', 'freeze-waiting'] as const satisfies readonly MessageKind[];
type FreezeKind = (typeof kinds)[number];

export function label(
  step: CustomerStep,
  question: Question,
  transactionIds: readonly string[],
  verdict: LabelRecord['label'],
  at: Instant,
): void {
  for (const transactionId of transactionIds) {
    const value: LabelRecord = {
      type: 'label',
      version: 1,
      id: `label/${step.idOf(question.id, step.customerId, transactionId, verdict)}`,
      tenantId: step.tenantId,
      accountId: question.accountId,
      transactionId,
      label: verdict,
      source: 'customer',
      customerId: step.customerId,
      at,
    };
    step.context.emit({ topic: topicNames.accountEvents, key: keyOf(step.tenantId, question.accountId), value });
  }
}

const freezeAlertId = (step: CustomerStep, requestId: string, kind: FreezeKind): string =>
  step.idOf(requestId, step.customerId, kind);

/** Messages that the bank's answer, or its silence, can cause. */
export const freezeMessages = (
  idOf: (...parts: string[]) => string,
  customerId: string,
  requestId: string,
): readonly string[] => kinds.map((kind) => idOf(requestId, customerId, kind));

const answerWithin = (step: CustomerStep): number => step.policy.answerWithinMs ?? seconds(30);

/**
 * Asks the bank to freeze the card. The id follows from account, card and the first transaction, so two holders who both
 * say NO ask for one freeze. False where no card is concerned: then there is nothing to freeze.
 */
export function requestFreeze(
  step: CustomerStep,
  question: Question,
  transactionIds: readonly string[],
  channel: string,
): boolean {
  const { accountId, card, cardToken, last4 } = question;
  const first = transactionIds[0];
  if (card === '' || first === undefined) return false;
  const requestId = requestIdOf(
    accountId,
    step.settings.digest(`${accountId}|${cardToken ?? card}|${first}`).slice(0, 16),
  );
  const { requests } = step.questions;
  if (requests.some((request) => request.requestId === requestId)) return true;
  requests.push({
    requestId,
    questionId: question.id,
    accountId,
    ...(last4 === undefined ? {} : { last4 }),
    transactionIds: [...transactionIds],
    channel,
    state: 'sent',
    at: step.at,
  });
  const tooMany = () => requests.length > requestsKept || !fitBesideQuestions(requests);
  while (requests.length > 1 && (tooMany() || requests[0]!.at < step.at - days(7))) requests.shift();
  step.touch('questions');
  const value: BankRequest = {
    type: 'bank-request',
    version: 1,
    requestId,
    tenantId: step.tenantId,
    kind: 'freeze-card',
    accountId,
    ...(cardToken === undefined ? {} : { cardToken }),
    customerId: step.customerId,
    transactionIds: [...transactionIds],
    reason: 'the customer says: not me',
    deadlineAt: step.at + answerWithin(step),
  };
  step.context.emit({
    topic: topicNames.bankRequests,
    key: keyOf(step.tenantId, accountId),
    value,
    headers: cloudEvent(step.tenantId, requestId, 'bank-request.freeze-card'),
  });
  const sent: RequestSentRecord = {
    type: 'request-sent',
    version: 1,
    id: `request-sent/${step.idOf(requestId, step.customerId)}`,
    tenantId: step.tenantId,
    customerId: step.customerId,
    requestId,
  };
  step.context.emit({ topic: topicNames.customerEvents, key: step.key, value: sent });
  return true;
}

const requestOf = (step: CustomerStep, requestId: string): RequestState | undefined =>
  step.questions.requests.find((request) => request.requestId === requestId);

const timerKey = (step: CustomerStep, requestId: string): string => `request/${step.key}|${requestId}`;

/** Our own record that the request stands in the log: from its append time on the bank has its time to answer. */
export function onRequestSent(step: CustomerStep, record: RequestSentRecord): void {
  const request = requestOf(step, record.requestId);
  if (request?.state !== 'sent') return;
  step.context.timers.set({
    key: timerKey(step, record.requestId),
    due: step.context.recordAt + answerWithin(step),
    keys: step.entriesWith(freezeAlertId(step, record.requestId, 'freeze-waiting')),
    data: { tenantId: step.tenantId, customerId: step.customerId, requestId: record.requestId },
  });
}

export function onRequestUnanswered(step: CustomerStep, timer: Timer): void {
  const { requestId } = timer.data as { readonly requestId: string };
  const request = requestOf(step, requestId);
  if (request?.state !== 'sent') return;
  become(step, request, 'waiting');
  tellFreeze(step, request, 'freeze-waiting');
  freezeCase(step, request, 'freeze-unanswered', ['the bank has not answered the request to freeze the card']);
}

export function onBankAnswer(step: CustomerStep, record: CustomerBankAnswerRecord): void {
  const request = requestOf(step, record.requestId);
  const counted = (outcome: CounterLabels<'bank_answers'>['outcome']) =>
    step.context.count('bank_answers', { answer: record.answer, outcome });
  // Another holder of the account asked: this one was told nothing and is told nothing now.
  if (!request) return counted('not-concerned');
  if (request.state === record.answer) return counted('duplicate');
  if (request.state === 'accepted' || request.state === 'refused') {
    freezeCase(step, request, 'conflict', [`the bank first said ${request.state}, then ${record.answer}`]);
    return counted('conflict');
  }
  counted(request.state === 'waiting' ? 'late' : 'in-time');
  step.context.timers.cancel(timerKey(step, record.requestId));
  become(step, request, record.answer);
  if (record.answer === 'accepted') return tellFreeze(step, request, 'freeze-done');
  tellFreeze(step, request, 'freeze-failed');
  freezeCase(step, request, 'freeze-refused', [
    'the bank refused to freeze the card',
    ...(record.why ? [record.why.slice(0, 200)] : []),
  ]);
}

function become(step: CustomerStep, request: RequestState, state: RequestState['state']): void {
  request.state = state;
  step.touch('questions');
}

function freezeCase(
  step: CustomerStep,
  request: RequestState,
  kind: 'freeze-refused' | 'freeze-unanswered' | 'conflict',
  reasons: readonly string[],
): void {
  openCase(step, {
    kind,
    severity: 'critical',
    subject: [request.requestId],
    accountId: request.accountId,
    reasons,
    transactionIds: request.transactionIds,
  });
}

function tellFreeze(step: CustomerStep, request: RequestState, kind: FreezeKind): void {
  const item: MessageItem = request.last4 === undefined ? {} : { last4: request.last4 };
  tell(step, {
    alertId: freezeAlertId(step, request.requestId, kind),
    priority: 0,
    purpose: 'fraud-protection',
    content: { kind, items: [item], reasons: [] },
    expiresAt: step.at + hours(24),
    accountId: request.accountId,
    transactionIds: [...request.transactionIds],
    prefer: request.channel,
  });
}
