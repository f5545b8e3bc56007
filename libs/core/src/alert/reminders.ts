import type { Timer } from '../stage.ts';
import { openCase } from './cases.ts';
import type { CustomerStep } from './customer-step.ts';
import { maySee, remind } from './messages.ts';
import { closeQuestion, contentOf, markTold, mayRemind, questionOf, unansweredCase, willRepeat } from './questions.ts';
import { shownBy } from './shown.ts';
import type { Question } from './state.ts';

/* What happens while nobody answers: reminders, staff after a while, and the end. Nothing that was told to no one ends unseen. */

export function onQuestionTimer(step: CustomerStep, timer: Timer): void {
  const { questionId, what } = timer.data as { readonly questionId: string; readonly what: string };
  const question = questionOf(step, questionId);
  if (question?.state !== 'open') return;
  if (what === 'expire') {
    restCase(step, question, 'the question was over before the customer was told of this');
    return closeQuestion(step, question, 'expired');
  }
  if (what.startsWith('unanswered')) {
    const round = what.slice('unanswered-'.length);
    return unansweredCase(step, question, 'no answer to the question', round === '' ? [] : [round]);
  }
  if (sendReminder(step, question) || willRepeat(step, question)) return;
  restCase(step, question, 'no reminder can tell the customer of this any more');
}

function sendReminder(step: CustomerStep, question: Question): boolean {
  const message = step.message(question.alertId);
  if (!message || question.muted || !mayRemind(step, message)) return false;
  if (!remind(step, message, { content: contentOf(question) })) return false;
  question.reminders += 1;
  step.context.count('alerts', { type: 'fraud-check', outcome: 'reminded' });
  markTold(step, question, message.tries.length - 1);
  return true;
}

/** For staff: what the customer was shown in no message. Where a message reached nobody, its own case says so. */
function restCase(step: CustomerStep, question: Question, why: string): void {
  const message = step.message(question.alertId);
  const failed = message !== undefined && !message.open && maySee(message) === 0;
  const rest = question.transactionIds
    .slice(shownBy(step, question, step.at).told)
    .filter((id) => !(failed && message.transactionIds.includes(id)));
  const newest = rest.at(-1);
  if (newest === undefined || question.untoldCase === newest) return;
  question.untoldCase = newest;
  step.touch('questions');
  openCase(step, {
    kind: 'unanswered',
    severity: 'high',
    subject: [question.id, 'untold', newest],
    accountId: question.accountId,
    reasons: [why, ...question.reasons],
    transactionIds: rest,
  });
}
