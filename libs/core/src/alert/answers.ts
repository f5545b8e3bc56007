import type { ReplyRecord } from '../records/customer.ts';
import { hours } from '../time.ts';
import type { Instant } from '../time.ts';
import { openCase } from './cases.ts';
import type { CustomerStep } from './customer-step.ts';
import { label, requestFreeze } from './freezes.ts';
import { askAboutRest, closeQuestion } from './questions.ts';
import type { Answer } from './read-reply.ts';
import { replyMessages, say } from './say.ts';
import { numberingOf, spokenOf } from './shown.ts';
import type { Question } from './state.ts';

/* What follows from YES and NO: in time, twice, late, or about one item of a list. */

const changeOfMind = hours(24);

/** When it was said: by the provider's clock, which may be fast, and never after we had it. */
export const answeredAt = ({ at, acceptedAt }: ReplyRecord): Instant => Math.min(at, acceptedAt);

/** The transactions that an answer is about: one item as it was numbered, or all that the customer was shown. */
export function covered(
  step: CustomerStep,
  record: ReplyRecord,
  question: Question,
  item: number | undefined,
): readonly string[] {
  const by = answeredAt(record);
  if (item === undefined) return question.transactionIds.slice(0, spokenOf(step, question, by).told);
  const id = numberingOf(step, question, by, item)[item - 1];
  return id !== undefined && question.transactionIds.includes(id) ? [id] : [];
}

/** Takes one item out of an open question; true while others remain. */
function leavesOthers(
  step: CustomerStep,
  record: ReplyRecord,
  question: Question,
  item: number | undefined,
  ids: readonly string[],
): boolean {
  if (item === undefined) return false;
  if (numberingOf(step, question, answeredAt(record), item) === question.listed) delete question.before;
  const rest = question.transactionIds.filter((id) => !ids.includes(id));
  if (rest.length === 0) return false;
  const among = (told: number) => question.transactionIds.slice(0, told).filter((id) => ids.includes(id)).length;
  if (question.before) question.before.told -= among(question.before.told);
  question.told -= among(question.told);
  question.transactionIds = rest;
  step.touch('questions');
  return true;
}

export function answeredYes(
  step: CustomerStep,
  record: ReplyRecord,
  question: Question,
  item?: number,
  silent = false,
): void {
  const ids = covered(step, record, question, item);
  label(step, question, ids, 'genuine', record.acceptedAt);
  if (!leavesOthers(step, record, question, item, ids)) {
    closeQuestion(step, question, 'answered-yes');
    // What is under way and was not shown yet is no part of what is answered.
    if (item === undefined) question.told = ids.length;
    if (question.transactionIds.length > question.told) {
      return askAboutRest(step, question, replyMessages((...parts) => step.idOf(...parts), record.id).followUp);
    }
  }
  if (!silent) say(step, record, 'answer-yes', {}, question);
}

export function answeredNo(
  step: CustomerStep,
  record: ReplyRecord,
  question: Question,
  item?: number,
  silent = false,
): void {
  // Whatever stands in a message that is under way was not them either: a NO errs on the safe side.
  const ids =
    item === undefined ? question.transactionIds.slice(0, question.told) : covered(step, record, question, item);
  const all = item === undefined ? question.transactionIds : ids;
  const saidNo = [...all];
  const others = leavesOthers(step, record, question, item, ids);
  if (!others) closeQuestion(step, question, 'answered-no');
  fraud(step, record, question, ids, saidNo, 'customer-says-fraud', ['the customer says: not me'], silent);
}

/** Labels what the customer was told of, asks the bank to freeze, and calls staff. */
function fraud(
  step: CustomerStep,
  record: ReplyRecord,
  question: Question,
  told: readonly string[],
  all: readonly string[],
  kind: 'customer-says-fraud' | 'conflict',
  reasons: readonly string[],
  silent = false,
): void {
  label(step, question, told, 'fraud', record.acceptedAt);
  const asked = requestFreeze(step, question, all, record.channel);
  openCase(step, {
    kind,
    severity: kind === 'conflict' ? 'critical' : 'high',
    subject: [question.accountId, all[0] ?? question.id],
    accountId: question.accountId,
    reasons: [...reasons, ...question.reasons],
    transactionIds: all,
  });
  // With a card the customer hears once the bank has answered; without one a person calls.
  if (!asked && !silent) say(step, record, 'agent', {}, question);
}

export function answeredBefore(
  step: CustomerStep,
  record: ReplyRecord,
  question: Question,
  answer: Answer,
  previous: Answer,
): void {
  const recent = step.at - (question.closedAt ?? 0) < changeOfMind;
  if (answer === 'no' && previous === 'yes' && recent) {
    const ids = question.transactionIds.slice(0, question.told);
    closeQuestion(step, question, 'answered-no');
    return fraud(step, record, question, ids, ids, 'conflict', ['the customer said yes first, then no']);
  }
  if (answer === 'yes' && previous === 'no' && recent) {
    openCase(step, {
      kind: 'conflict',
      severity: 'high',
      subject: [question.accountId, question.transactionIds[0] ?? question.id],
      accountId: question.accountId,
      reasons: ['the customer said no first, then yes; the no stands'],
      transactionIds: question.transactionIds,
    });
  }
  if (question.toldAnswered) return;
  question.toldAnswered = true;
  step.touch('questions');
  say(step, record, 'already-answered', {}, question);
}

/** The question is over, the answer counts all the same: whoever reports fraud late has reported it. */
export function answeredLate(step: CustomerStep, record: ReplyRecord, question: Question, answer: Answer): void {
  const ids =
    answer === 'no' ? question.transactionIds.slice(0, question.told) : covered(step, record, question, undefined);
  label(step, question, ids, answer === 'no' ? 'fraud' : 'genuine', record.acceptedAt);
  closeQuestion(step, question, answer === 'no' ? 'answered-no' : 'answered-yes');
  if (answer === 'no') {
    openCase(step, {
      kind: 'late-answer',
      severity: 'high',
      subject: [question.accountId, ids[0] ?? question.id],
      accountId: question.accountId,
      reasons: ['the customer says: not me, after the question was over', ...question.reasons],
      transactionIds: ids,
    });
  }
  say(step, record, 'late-answer', {}, question);
}
