import type { ReplyRecord } from '../records/customer.ts';
import type { MessageKind } from '../records/delivery.ts';
import { hours, minutes } from '../time.ts';
import type { Instant } from '../time.ts';
import { openCase } from './cases.ts';
import { announceContacts, knownAddress } from './contacts.ts';
import type { CustomerStep } from './customer-step.ts';
import { label, requestFreeze } from './freezes.ts';
import { tell } from './messages.ts';
import { startChannel, stopChannel } from './profile.ts';
import { askAboutRest, askedQuestions, closeQuestion, questionOf } from './questions.ts';
import { readReply } from './read-reply.ts';
import type { Answer, ReplyMeaning } from './read-reply.ts';
import type { Question } from './state.ts';

/* What follows from what a customer wrote. */

const clarificationsAtMost = 2;
const changeOfMind = hours(24);

/** The messages that one reply can cause: an answer, and a question about what joined meanwhile. */
export const replyMessages = (idOf: (...parts: string[]) => string, recordId: string) => ({
  answer: idOf(recordId, 'answer'),
  followUp: idOf(recordId, 'follow-up'),
});

export function onReply(step: CustomerStep, record: ReplyRecord): void {
  const { context, profile } = step;
  const { channel } = record;
  if (!step.once(record.id)) {
    context.count('replies', { meaning: 'duplicate' });
    // The gateway raised its barrier again with the offset of this copy.
    return announceContacts(step, [channel]);
  }
  const stopped = profile.stops[channel]?.stopped ?? false;
  const meaning = readReply(record, askedQuestions(step), stopped);
  const own = knownAddress(profile, channel) === record.address;
  context.count('replies', { meaning: own ? meaning.kind : 'foreign-address' });
  // A stop is obeyed whoever says it; nothing else is done for an address that is not the customer's.
  if (!own && meaning.kind !== 'stop') return;
  if (own && record.opensWindow) openWindow(step, record);
  act(step, record, meaning, stopped);
}

/** Whatever the order of arrival, the window ends a day after the newest message. */
function openWindow(step: CustomerStep, { channel, at }: ReplyRecord): void {
  if (step.settings.channels[channel]?.window !== true) return;
  const until = at + step.settings.timing.windowMs;
  if (until <= (step.profile.windows[channel] ?? 0)) return;
  step.profile.windows[channel] = until;
  step.touch('profile');
  announceContacts(step, [channel]);
}

function act(step: CustomerStep, record: ReplyRecord, meaning: ReplyMeaning, stopped: boolean): void {
  switch (meaning.kind) {
    case 'stop':
      return stop(step, record, meaning, stopped);
    case 'answer': {
      const question = questionOf(step, meaning.questionId)!;
      // That item was answered before, the others are still open.
      if (covered(question, meaning.item).length === 0) return say(step, record, 'already-answered', {}, question);
      return meaning.answer === 'yes'
        ? answeredYes(step, record, question, meaning.item)
        : answeredNo(step, record, question, meaning.item);
    }
    case 'answered-before':
      return answeredBefore(step, record, questionOf(step, meaning.questionId)!, meaning.answer, meaning.previous);
    case 'late':
      return answeredLate(step, record, questionOf(step, meaning.questionId)!, meaning.answer);
    case 'stale-tap':
      return say(step, record, 'already-answered');
    case 'which-card': {
      const cards = step.openQuestions.flatMap(({ last4 }) => (last4 === undefined ? [] : [last4]));
      return say(step, record, 'which-card', { cards: [...new Set(cards)] });
    }
    case 'unclear':
      return clarify(step, record, questionOf(step, meaning.questionId)!, 'mixed');
    case 'unknown':
      return unknown(step, record, meaning.questionId);
    case 'start':
      return start(step, record);
    case 'help':
    case 'balance':
      // A balance is not told in chat; the general text says where to find it.
      if (record.providerHandled !== 'help') say(step, record, 'help');
      return;
    case 'human':
      return human(step, record);
  }
}

type Extra = { readonly cards?: readonly string[]; readonly expiresAt?: Instant };

const conversational: readonly MessageKind[] = ['help', 'agent', 'stop-confirmation', 'start-confirmation'];

/** An answer, the way the customer wrote. It is bound to that channel: elsewhere nobody asked. */
function say(step: CustomerStep, record: ReplyRecord, kind: MessageKind, extra: Extra = {}, question?: Question): void {
  tell(step, {
    alertId: replyMessages((...parts) => step.idOf(...parts), record.id).answer,
    priority: 0,
    purpose: conversational.includes(kind) ? 'service-reply' : 'fraud-protection',
    content: {
      kind,
      items: question?.last4 === undefined ? [] : [{ last4: question.last4 }],
      reasons: [],
      ...(extra.cards === undefined ? {} : { cards: extra.cards }),
    },
    expiresAt: extra.expiresAt ?? step.at + hours(1),
    transactionIds: [],
    only: record.channel,
    ...(kind === 'stop-confirmation' || kind === 'help' ? { evenIfStopped: true } : {}),
    ...(question === undefined ? {} : { accountId: question.accountId }),
  });
}

function stop(
  step: CustomerStep,
  record: ReplyRecord,
  meaning: Extract<ReplyMeaning, { kind: 'stop' }>,
  stopped: boolean,
): void {
  const took = stopChannel(step, record);
  // Whoever stops does not want to be reminded either; the question itself stays open, for staff and the app.
  for (const question of step.openQuestions) question.muted = true;
  step.touch('questions');
  // One confirmation, within five minutes of the word; a second STOP is not confirmed again.
  if (
    took &&
    !stopped &&
    record.providerHandled !== 'stop' &&
    knownAddress(step.profile, record.channel) === record.address
  ) {
    say(step, record, 'stop-confirmation', { expiresAt: record.acceptedAt + minutes(5) });
  }
  if (meaning.review) {
    openCase(step, {
      kind: 'review-stop',
      severity: 'low',
      subject: [record.id],
      reasons: ['read as a wish to stop from plain language'],
    });
  }
  const question = meaning.questionId === undefined ? undefined : questionOf(step, meaning.questionId);
  if (!question) return;
  if (meaning.answer === 'no') answeredNo(step, record, question, undefined, true);
  else answeredYes(step, record, question, undefined, true);
}

function start(step: CustomerStep, record: ReplyRecord): void {
  const took = startChannel(step, record);
  if (took && record.providerHandled !== 'start') say(step, record, 'start-confirmation');
}

/** The transactions that an answer is about: one item as it was numbered, or all that the customer was told of. */
function covered(question: Question, item: number | undefined): readonly string[] {
  if (item === undefined) return question.transactionIds.slice(0, question.told);
  const id = question.listed[item - 1];
  return id !== undefined && question.transactionIds.includes(id) ? [id] : [];
}

/** Takes one item out of an open question; true while others remain. */
function leavesOthers(
  step: CustomerStep,
  question: Question,
  item: number | undefined,
  ids: readonly string[],
): boolean {
  if (item === undefined) return false;
  const rest = question.transactionIds.filter((id) => !ids.includes(id));
  if (rest.length === 0) return false;
  question.transactionIds = rest;
  question.told -= ids.length;
  step.touch('questions');
  return true;
}

function answeredYes(step: CustomerStep, record: ReplyRecord, question: Question, item?: number, silent = false): void {
  const ids = covered(question, item);
  label(step, question, ids, 'genuine', record.acceptedAt);
  if (!leavesOthers(step, question, item, ids)) {
    closeQuestion(step, question, 'answered-yes');
    if (question.transactionIds.length > question.told) {
      return askAboutRest(step, question, replyMessages((...parts) => step.idOf(...parts), record.id).followUp);
    }
  }
  if (!silent) say(step, record, 'answer-yes', {}, question);
}

function answeredNo(step: CustomerStep, record: ReplyRecord, question: Question, item?: number, silent = false): void {
  const ids = covered(question, item);
  const all = item === undefined ? question.transactionIds : ids;
  const saidNo = [...all];
  const others = leavesOthers(step, question, item, ids);
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

function answeredBefore(
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
function answeredLate(step: CustomerStep, record: ReplyRecord, question: Question, answer: Answer): void {
  const ids = question.transactionIds.slice(0, question.told);
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

function clarify(step: CustomerStep, record: ReplyRecord, question: Question, why: 'mixed' | 'unknown'): void {
  // A word that nobody understands may be a report of fraud: a person reads it at once. A mixed answer is asked about first.
  if (why === 'unknown' || question.clarifications >= clarificationsAtMost) unclearCase(step, question);
  if (question.clarifications >= clarificationsAtMost) return;
  question.clarifications += 1;
  step.touch('questions');
  say(step, record, 'clarification', {}, question);
}

function unclearCase(step: CustomerStep, question: Question): void {
  if (question.unclearCase) return;
  question.unclearCase = true;
  step.touch('questions');
  openCase(step, {
    kind: 'unclear-answer',
    severity: 'high',
    subject: [question.id],
    accountId: question.accountId,
    reasons: ['an answer to the question could not be understood'],
    transactionIds: question.transactionIds,
  });
}

/** Stored, counted, and never left to chance while a question is open. */
function unknown(step: CustomerStep, record: ReplyRecord, questionId: string | undefined): void {
  const { activity, at } = step;
  const text = (record.text ?? '').slice(0, 160);
  activity.unread = [...activity.unread, { at, channel: record.channel, text }].slice(-10);
  step.touch('activity');
  const question = questionId === undefined ? undefined : questionOf(step, questionId);
  if (question) return clarify(step, record, question, 'unknown');
  if (activity.helpedUntil > at) return;
  activity.helpedUntil = at + hours(1);
  say(step, record, 'help');
}

function human(step: CustomerStep, record: ReplyRecord): void {
  const question = step.openQuestions.at(-1);
  openCase(step, {
    kind: 'agent-wanted',
    severity: question ? 'high' : 'medium',
    subject: [record.id],
    ...(question ? { accountId: question.accountId, transactionIds: question.transactionIds } : {}),
    reasons: ['the customer asks for a person'],
  });
  say(step, record, 'agent', {}, question);
}
