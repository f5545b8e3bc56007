import type { ReplyRecord } from '../records/customer.ts';
import { hours, minutes } from '../time.ts';
import { answeredAt, answeredBefore, answeredLate, answeredNo, answeredYes, covered } from './answers.ts';
import { openCase } from './cases.ts';
import { sameAddress } from './canonical-address.ts';
import { announceContacts, knownAddress } from './contacts.ts';
import type { CustomerStep } from './customer-step.ts';
import { startChannel, stopChannel } from './profile.ts';
import { askedQuestions, questionOf } from './questions.ts';
import { isTap, readReply } from './read-reply.ts';
import type { ReplyMeaning } from './read-reply.ts';
import { say } from './say.ts';
import type { Question } from './state.ts';

/* What follows from what a customer wrote. */

const clarificationsAtMost = 2;

export function onReply(step: CustomerStep, record: ReplyRecord): void {
  const { context, profile } = step;
  const { channel } = record;
  if (!step.once(record.id)) {
    context.count('replies', { meaning: 'duplicate' });
    // The gateway raised its barrier again with the offset of this copy.
    return announceContacts(step, [channel]);
  }
  const stopped = profile.stops[channel]?.stopped ?? false;
  const meaning = readReply(record, askedQuestions(step, answeredAt(record)), stopped);
  const own = sameAddress(channel, knownAddress(profile, channel), record.address);
  const ofAnother = record.shared === true && !concernsEach(record, meaning);
  context.count('replies', { meaning: !own ? 'foreign-address' : ofAnother ? 'of-another' : meaning.kind });
  const opened = own && record.opensWindow && openWindow(step, record);
  // STOP and START tell of the window with what they decide: a contact of this record without it would answer its barrier.
  if (opened && meaning.kind !== 'stop' && meaning.kind !== 'start') announceContacts(step, [channel]);
  // A stop is obeyed whoever says it; nothing else is done for an address that is not the customer's. What is written where
  // another application owns the conversation is said to that one, but a button of ours has one meaning only.
  const obeyed = own && !ofAnother && (record.standby !== true || isTap(record));
  const acts = meaning.kind === 'stop' || obeyed;
  // Senders wait for the contact of a START, also of one that is not obeyed, or is an answer: the gateway knows no questions.
  const awaited = meaning.kind === 'start' ? !acts : record.providerHandled === 'start' && meaning.kind !== 'stop';
  if (awaited) announceContacts(step, [channel]);
  if (acts) act(step, record, meaning, stopped);
}

/**
 * Of what is said on a telephone that two customers share: a stop is the number's, a NO errs on the safe side, and a tap says
 * which question it answers. Whatever else it is, the customer to whom the number was tied last has said it.
 */
const concernsEach = ({ payload }: ReplyRecord, meaning: ReplyMeaning): boolean =>
  meaning.kind === 'stop' || (meaning.kind === 'answer' && (meaning.answer === 'no' || payload !== undefined));

/** Whatever the order of arrival, the window ends a day after the newest message. True when this one moved it. */
function openWindow(step: CustomerStep, { channel, at }: ReplyRecord): boolean {
  if (step.settings.channels[channel]?.window !== true) return false;
  const until = at + step.settings.timing.windowMs;
  if (until <= (step.profile.windows[channel] ?? 0)) return false;
  step.profile.windows[channel] = until;
  step.touch('profile');
  return true;
}

function act(step: CustomerStep, record: ReplyRecord, meaning: ReplyMeaning, stopped: boolean): void {
  switch (meaning.kind) {
    case 'stop':
      return stop(step, record, meaning, stopped);
    case 'answer': {
      const question = questionOf(step, meaning.questionId)!;
      for (const id of meaning.also ?? []) answeredNo(step, record, questionOf(step, id)!);
      // That item was answered before, the others are still open.
      if (covered(step, record, question, meaning.item).length === 0)
        return say(step, record, 'already-answered', {}, question);
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
      const said = meaning.answer === 'yes' ? { answer: meaning.answer } : {};
      // A NO about a transfer cannot name a card, and would be lost.
      if (meaning.answer === 'no')
        for (const question of step.openQuestions) if (question.last4 === undefined) unclearCase(step, question);
      return say(step, record, 'which-card', { cards: [...new Set(cards)], ...said });
    }
    case 'unclear':
      // Which one is meant cannot be asked: their cards have the same last digits.
      if (meaning.also)
        for (const id of [meaning.questionId, ...meaning.also]) unclearCase(step, questionOf(step, id)!);
      return clarify(step, record, questionOf(step, meaning.questionId)!, 'mixed');
    case 'unknown':
      return unknown(step, record, meaning.questionId, stopped);
    case 'start':
      return start(step, record);
    case 'help':
      if (record.providerHandled !== 'help') say(step, record, 'help', { evenIfStopped: true });
      return;
    case 'balance':
      // A balance is not told in chat; the general text says where to find it.
      if (!stopped) say(step, record, 'help');
      return;
    case 'human':
      return human(step, record);
    case 'opening':
      return;
  }
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
  const own = sameAddress(record.channel, knownAddress(step.profile, record.channel), record.address);
  const answers = own && record.standby !== true && record.shared !== true;
  if (took && !stopped && record.providerHandled !== 'stop' && answers) {
    say(step, record, 'stop-confirmation', { expiresAt: record.acceptedAt + minutes(5), evenIfStopped: true });
  }
  if (meaning.review) {
    openCase(step, {
      kind: 'review-stop',
      severity: 'low',
      subject: [record.id],
      reasons: ['read as a wish to stop from plain language'],
    });
  }
  if (!own) return;
  // What was said beside it may report a fraud, and nobody will be asked what it meant.
  if (meaning.unclear) for (const question of step.openQuestions) unclearCase(step, question);
  if (meaning.questionId === undefined) return;
  for (const id of [meaning.questionId, ...(meaning.also ?? [])]) {
    const question = questionOf(step, id)!;
    if (meaning.answer === 'no') answeredNo(step, record, question, undefined, true);
    else if (record.shared !== true) answeredYes(step, record, question, undefined, true);
  }
}

function start(step: CustomerStep, record: ReplyRecord): void {
  const took = startChannel(step, record);
  if (took && record.providerHandled !== 'start') say(step, record, 'start-confirmation');
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

/** Stored, counted, and never left to chance while a question is open. Whoever stopped a channel gets no text for it there. */
function unknown(step: CustomerStep, record: ReplyRecord, questionId: string | undefined, stopped: boolean): void {
  const { activity, at } = step;
  const text = (record.text ?? '').slice(0, 160);
  activity.unread = [...activity.unread, { at, channel: record.channel, text }].slice(-10);
  step.touch('activity');
  const question = questionId === undefined ? undefined : questionOf(step, questionId);
  if (question) return clarify(step, record, question, 'unknown');
  if (stopped || activity.helpedUntil > at) return;
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
