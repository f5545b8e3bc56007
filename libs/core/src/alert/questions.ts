import type { FindingRecord } from '../records/customer.ts';
import type { MessageItem } from '../records/delivery.ts';
import { days } from '../time.ts';
import type { Instant } from '../time.ts';
import { openCase } from './cases.ts';
import type { CustomerStep } from './customer-step.ts';
import { hasRoomForOne, mayGrow } from './entry-size.ts';
import { noteQuestion } from './history.ts';
import { addSum } from './message-item.ts';
import { closeMessage, maySee, reminderChannel, tell, withdraw } from './messages.ts';
import { alertTypeOf } from './policy.ts';
import type { AskedQuestion } from './read-reply.ts';
import { shownBy } from './shown.ts';
import type { MessageState, Question, QuestionState } from './state.ts';

/*
 * "Did you make this payment?" One open question per card; what becomes suspicious meanwhile joins it. An answer counts for
 * the transactions that the customer was told of, and for no other.
 */

const questionsKept = 12;
const transactionsKept = 40;
const itemsKept = 5;
/** Messages of one question, reminders included. */
const messagesAtMost = 3;

const cardOf = (finding: FindingRecord): string =>
  finding.transaction.card?.token ?? finding.transaction.card?.last4 ?? '';

/** Opens a question about the finding, or lets it join the one that is open for the card. */
export function ask(
  step: CustomerStep,
  finding: FindingRecord,
  alertId: string,
  reasons: readonly string[],
  item: MessageItem,
): void {
  const { transaction, accountId } = finding;
  const card = cardOf(finding);
  const standing = step.openQuestions.find((question) => question.card === card && question.accountId === accountId);
  if (standing) return join(step, standing, finding, alertId, item);
  const question = openQuestion(step, {
    alertId,
    accountId,
    card,
    ...(transaction.card?.token === undefined ? {} : { cardToken: transaction.card.token }),
    ...(transaction.card?.last4 === undefined ? {} : { last4: transaction.card.last4 }),
    transactionIds: [transaction.id],
    items: [item],
    reasons: [...reasons],
  });
  markTold(step, question, 0);
  sendQuestion(step, question, finding.receivedAt);
}

function join(
  step: CustomerStep,
  question: Question,
  finding: FindingRecord,
  alertId: string,
  item: MessageItem,
): void {
  const transactionId = finding.transaction.id;
  step.context.count('alerts', { type: 'fraud-check', outcome: 'joined' });
  const covers = question.transactionIds.length;
  if (covers >= transactionsKept || !mayGrow(step.questions, question)) {
    return openCase(step, {
      kind: 'unanswered',
      severity: 'high',
      subject: [question.accountId, transactionId],
      accountId: question.accountId,
      reasons: [`the open question about this card already covers ${covers} payments`],
      transactionIds: [transactionId],
    });
  }
  question.transactionIds.push(transactionId);
  const dropped = [item, ...question.items][itemsKept];
  question.items = [item, ...question.items].slice(0, itemsKept);
  if (dropped?.amount) question.moreSums = addSum(question.moreSums, dropped.amount);
  step.touch('questions');
  noteQuestion(step, question);
  if (question.muted || !willRepeat(step, question)) askAgain(step, question, finding, alertId);
}

/** Will the message of this question leave once more by itself, and tell then what joined since? */
export function willRepeat(step: CustomerStep, question: Question): boolean {
  const message = step.message(question.alertId);
  const { remindAfterMs } = step.settings.timing;
  if (!message || question.muted || remindAfterMs.length === 0) return false;
  // On its way for the first time: reminders follow the hand-over.
  if (!question.armed) return message.open;
  const last = question.remindedUntil ?? question.openedAt + Math.max(...remindAfterMs);
  return step.at < last && mayRemind(step, message) && reminderChannel(step, message) !== undefined;
}

export const mayRemind = (step: CustomerStep, message: MessageState): boolean =>
  step.at < message.expiresAt && maySee(message) < messagesAtMost;

/**
 * What became suspicious after the last message was told to nobody. It is an event of its own, and so are its messages and
 * reminders: they name the older payments too, and one answer settles all. After a STOP they take a channel that is still
 * open; where there is none, staff hear of it.
 */
function askAgain(step: CustomerStep, question: Question, finding: FindingRecord, alertId: string): void {
  markTold(step, question, 0);
  closeMessage(step, question.alertId);
  for (const what of reminderNames(step)) step.context.timers.cancel(timerKey(step, question, what));
  delete question.remindedUntil;
  question.alertId = alertId;
  question.rounds = (question.rounds ?? 0) + 1;
  question.armed = false;
  question.muted = false;
  question.reminders = 0;
  question.expiresAt = step.at + step.settings.timing.questionLifeMs;
  setTimer(step, question, 'expire', question.expiresAt);
  sendQuestion(step, question, finding.receivedAt);
}

type NewQuestion = Pick<
  Question,
  'alertId' | 'accountId' | 'card' | 'cardToken' | 'last4' | 'transactionIds' | 'items' | 'reasons'
>;

function openQuestion(step: CustomerStep, given: NewQuestion): Question {
  const { questions } = step;
  const { at } = step;
  makeRoom(step);
  const question: Question = {
    ...given,
    moreSums: [],
    id: step.settings.digest(given.alertId).slice(0, 16),
    told: 0,
    listed: [],
    state: 'open',
    openedAt: at,
    expiresAt: at + step.settings.timing.questionLifeMs,
    armed: false,
    reminders: 0,
    muted: false,
    clarifications: 0,
    toldAnswered: false,
    unclearCase: false,
  };
  questions.questions.push(question);
  step.touch('questions');
  setTimer(step, question, 'expire', question.expiresAt);
  return question;
}

/** Closed questions are kept 7 days for late answers; of too many or too large open ones the oldest goes to staff. */
function makeRoom(step: CustomerStep): void {
  const { questions } = step;
  const old = step.at - days(7);
  questions.questions = questions.questions.filter((q) => q.state === 'open' || (q.closedAt ?? 0) > old);
  while (questions.questions.length >= questionsKept || !hasRoomForOne(questions)) {
    const closed = questions.questions.findIndex(({ state }) => state !== 'open');
    if (closed === -1) {
      const oldest = questions.questions[0]!;
      unansweredCase(step, oldest, 'too many questions are open at once');
      closeQuestion(step, oldest, 'expired');
    }
    questions.questions.splice(Math.max(closed, 0), 1);
  }
}

export const contentOf = (question: Question) => ({
  kind: 'fraud-check' as const,
  items: [...question.items],
  reasons: [...question.reasons],
  questionId: question.id,
  ...(question.transactionIds.length > question.items.length
    ? { more: { count: question.transactionIds.length - question.items.length, sums: [...question.moreSums] } }
    : {}),
});

/** Everything that is part of the question now stands in the message that leaves, from this attempt of it on. */
export function markTold(step: CustomerStep, question: Question, tries: number): void {
  if (question.told < question.transactionIds.length) {
    const { told, listed } = shownBy(step, question, step.at);
    delete question.before;
    if (told > 0 || tries > 0) question.before = { told, listed: [...listed], tries };
  }
  question.told = question.transactionIds.length;
  question.listed = question.transactionIds.toReversed().slice(0, itemsKept);
  step.touch('questions');
}

function sendQuestion(step: CustomerStep, question: Question, receivedAt: number): void {
  const type = alertTypeOf('fraud-check')!;
  step.context.count('alerts', { type: 'fraud-check', outcome: 'asked' });
  tell(step, {
    alertId: question.alertId,
    priority: type.priority,
    purpose: type.purpose,
    content: contentOf(question),
    expiresAt: receivedAt + type.maxAgeMs,
    receivedAt,
    accountId: question.accountId,
    transactionIds: [...question.transactionIds],
  });
  noteQuestion(step, question);
}

/** What the customer was not shown, a YES does not cover: it is asked about anew. */
export function askAboutRest(step: CustomerStep, question: Question, alertId: string): void {
  const rest = question.transactionIds.slice(question.told);
  if (rest.length === 0) return;
  const { accountId, card, cardToken, last4, reasons } = question;
  const followUp = openQuestion(step, {
    alertId,
    accountId,
    card,
    ...(cardToken === undefined ? {} : { cardToken }),
    ...(last4 === undefined ? {} : { last4 }),
    transactionIds: rest,
    items: question.items.slice(0, rest.length),
    reasons,
  });
  markTold(step, followUp, 0);
  sendQuestion(step, followUp, step.at);
}

export function closeQuestion(step: CustomerStep, question: Question, state: Exclude<QuestionState, 'open'>): void {
  const message = step.message(question.alertId);
  // Answered where it had arrived: what of it still waits elsewhere would only ask again.
  if (state !== 'expired' && message) withdraw(step, message, message.tries);
  question.state = state;
  question.closedAt = step.at;
  step.touch('questions');
  const rounds = Array.from({ length: (question.rounds ?? 0) + 1 }, (_, round) => unansweredName(round));
  for (const what of ['expire', ...rounds, ...reminderNames(step)])
    step.context.timers.cancel(timerKey(step, question, what));
  closeMessage(step, question.alertId);
  noteQuestion(step, question);
}

/** Questions as an answer may concern them that was given at this time. */
export const askedQuestions = (step: CustomerStep, answeredAt: Instant): readonly AskedQuestion[] =>
  step.questions.questions.map((question) => {
    const { id, state, last4, openedAt, closedAt } = question;
    return {
      id,
      state,
      ...(last4 === undefined ? {} : { last4 }),
      listed: question.listed.length,
      changedAt: closedAt ?? openedAt,
      ...(shownBy(step, question, answeredAt).told > 0 ? {} : { unseen: true }),
    };
  });

export const questionOf = (step: CustomerStep, questionId: string): Question | undefined =>
  step.questions.questions.find(({ id }) => id === questionId);

const reminderNames = (step: CustomerStep): readonly string[] =>
  step.settings.timing.remindAfterMs.map((_, index) => `remind-${index}`);

/** Each message has its own: what joins later does not put off the case about what was asked before. */
const unansweredName = (round = 0): string => (round === 0 ? 'unanswered' : `unanswered-${round}`);

const timerKey = (step: CustomerStep, question: Pick<Question, 'id'>, what: string): string =>
  `question/${step.key}|${question.id}/${what}`;

function setTimer(step: CustomerStep, question: Question, what: string, due: number): void {
  step.context.timers.set({
    key: timerKey(step, question, what),
    due,
    keys: step.entriesWith(question.alertId),
    data: { tenantId: step.tenantId, customerId: step.customerId, questionId: question.id, what },
  });
}

/** The question was handed over for the first time: from the append time of that news on an answer is awaited. */
export function armQuestion(step: CustomerStep, questionId: string, alertId: string): void {
  const question = questionOf(step, questionId);
  if (!question || question.alertId !== alertId || question.armed || question.state !== 'open') return;
  question.armed = true;
  step.touch('questions');
  const { remindAfterMs, unansweredAfterMs } = step.settings.timing;
  const from = step.context.recordAt;
  remindAfterMs.forEach((span, index) => setTimer(step, question, `remind-${index}`, from + span));
  if (remindAfterMs.length > 0) question.remindedUntil = from + Math.max(...remindAfterMs);
  if (unansweredAfterMs > 0) setTimer(step, question, unansweredName(question.rounds), from + unansweredAfterMs);
}

export function unansweredCase(
  step: CustomerStep,
  question: Question,
  why: string,
  more: readonly string[] = [],
): void {
  openCase(step, {
    kind: 'unanswered',
    severity: 'high',
    subject: [question.id, ...more],
    accountId: question.accountId,
    reasons: [why, ...question.reasons],
    transactionIds: question.transactionIds,
  });
}
