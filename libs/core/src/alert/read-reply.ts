import type { Instant } from '../time.ts';
import type { QuestionState } from './state.ts';
import { read, tokensOf } from './read-words.ts';
import { beginsWithNo, beyondStop, stopIn } from './stop-words.ts';
import type { WordMeaning } from './words.ts';

/* What a customer's message means: a pure reading of words, payloads and the questions that are open. No effects here. */

/** A question as an answer may concern it. */
export interface AskedQuestion {
  readonly id: string;
  readonly state: QuestionState;
  readonly last4?: string;
  /** How many items the last message numbered. */
  readonly listed: number;
  /** When it was closed, or opened while it is open. */
  readonly changedAt: Instant;
  /** No message of it had been handed over when the reply was given: a YES means something else. */
  readonly unseen?: boolean;
}

export interface ReplyInput {
  readonly text?: string;
  readonly payload?: string;
  readonly providerHandled?: 'stop' | 'start' | 'help';
  readonly opening?: boolean;
}

export type Answer = 'yes' | 'no';

interface Answered {
  readonly answer: Answer;
  readonly questionId: string;
  /** Further questions that it answers alike. */
  readonly also?: readonly string[];
}

export type ReplyMeaning =
  /**
   * `review`: read from plain language, so a person looks at it. `answer`: clearly said in the same breath ("NO STOP").
   * `unclear`: while a question is open more was said than to stop, and what that was is for a person to read.
   */
  | ({ readonly kind: 'stop'; readonly review: boolean; readonly unclear?: true } & Partial<Answered>)
  | ({ readonly kind: 'answer'; readonly item?: number } & Answered)
  /** The question was answered before; the same or the other way. */
  | {
      readonly kind: 'answered-before';
      readonly answer: Answer;
      readonly previous: Answer;
      readonly questionId: string;
    }
  /** The question is over. */
  | { readonly kind: 'late'; readonly answer: Answer; readonly questionId: string }
  /** A button whose question is gone. */
  | { readonly kind: 'stale-tap' }
  | { readonly kind: 'which-card'; readonly answer: Answer }
  /** Yes and no mixed, or with more words than we understand; or of several questions that it may be about, none is named. */
  | { readonly kind: 'unclear'; readonly questionId: string; readonly also?: readonly string[] }
  /** Words that say nothing to us; `questionId` when a question is open. */
  | { readonly kind: 'unknown'; readonly questionId?: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'start' }
  | { readonly kind: 'human' }
  | { readonly kind: 'balance' }
  /** Nothing was said, the conversation was only opened. */
  | { readonly kind: 'opening' };

const answers: Readonly<Record<string, Answer>> = { yes: 'yes', no: 'no' };

/** The one clear answer, or undefined when there is none or more than one. */
function clearAnswer(meanings: readonly WordMeaning[]): Answer | undefined {
  const said = new Set(meanings);
  return said.size === 1 ? answers[meanings[0]!] : undefined;
}

/** A YES in words concerns only what was shown; a NO is taken for whatever is open, which errs on the safe side. */
const mayMean =
  (answer: Answer) =>
  ({ state, unseen }: AskedQuestion): boolean =>
    answer === 'no' || unseen !== true || state === 'answered-yes' || state === 'answered-no';

const byNewest = (a: AskedQuestion, b: AskedQuestion): number => b.changedAt - a.changedAt;

function answerTo(question: AskedQuestion, answer: Answer, item?: number): ReplyMeaning {
  const questionId = question.id;
  if (question.state === 'open') return { kind: 'answer', answer, questionId, ...(item === undefined ? {} : { item }) };
  if (question.state === 'expired') return { kind: 'late', answer, questionId };
  return { kind: 'answered-before', answer, previous: question.state === 'answered-yes' ? 'yes' : 'no', questionId };
}

/** A button under a question of ours. */
const button = /^Q:([^:]+):([YN])$/;

export const isTap = ({ payload }: Pick<ReplyInput, 'payload'>): boolean => button.test(payload ?? '');

/**
 * What was said. A tap says what its payload says: the text beside it is the label of the button, in the words of whoever
 * set it up. A payload that says nothing to us leaves it to the label, and a stop counts in either.
 */
function saidIn({ text, payload }: ReplyInput): readonly string[] {
  const tapped = tokensOf(payload ?? '');
  if (text === undefined || stopIn(tapped) !== undefined) return tapped;
  const written = tokensOf(text);
  const { meanings, strange } = read(tapped);
  const understood = meanings.length > 0 && strange === 0;
  return understood && stopIn(written) === undefined ? tapped : written;
}

/**
 * @param questions all that are remembered, open or closed
 * @param stopped the customer stopped this channel: then YES without an open question means START
 */
export function readReply(input: ReplyInput, questions: readonly AskedQuestion[], stopped: boolean): ReplyMeaning {
  const open = questions.filter(({ state }) => state === 'open').sort(byNewest);
  const tap = button.exec(input.payload ?? '');
  if (tap) {
    const question = questions.find(({ id }) => id === tap[1]);
    return question ? answerTo(question, tap[2] === 'Y' ? 'yes' : 'no') : { kind: 'stale-tap' };
  }
  const tokens = saidIn(input);
  const { meanings, numbers, strange } = read(tokens);
  const { providerHandled } = input;
  const stop = providerHandled === 'stop' ? 'word' : stopIn(tokens);
  if (stop) return { kind: 'stop', review: stop === 'plain', ...besideStop(tokens, open) };
  if (input.opening === true) return { kind: 'opening' };
  if (providerHandled === 'help') return { kind: 'help' };
  const answer = strange === 0 ? (clearAnswer(meanings) ?? byNumber(meanings, numbers, open)) : undefined;
  // Providers count YES among the words of START; while something is asked it is the answer, and no consent.
  const answersQuestion = answer === 'yes' && open.length > 0;
  if (providerHandled === 'start' && !answersQuestion) return { kind: 'start' };
  if (answer) return placeAnswer(answer, meanings.length === 0 ? [] : numbers, questions, open, stopped);
  const first = meanings[0];
  if (first === 'help' || first === 'start' || first === 'human' || first === 'balance') return { kind: first };
  const questionId = open[0]?.id;
  if (questionId === undefined) return { kind: 'unknown' };
  return meanings.some((meaning) => answers[meaning])
    ? { kind: 'unclear', questionId }
    : { kind: 'unknown', questionId };
}

/** What else a text says that stops: a clear answer, or a NO to begin with, whatever follows it. */
function besideStop(
  tokens: readonly string[],
  open: readonly AskedQuestion[],
): Partial<Answered> & { readonly unclear?: true } {
  const beyond = stopIn(tokens) === undefined ? [] : beyondStop(tokens);
  if (open.length === 0 || beyond.length === 0) return {};
  const { meanings, numbers, strange } = read(beyond);
  const clear = strange === 0 && numbers.length === 0 ? clearAnswer(meanings) : undefined;
  const answer = clear ?? (beginsWithNo(tokens) ? 'no' : undefined);
  const placed = answer && toAll(open.filter(mayMean(answer)), answer);
  return placed?.kind === 'answer'
    ? { answer: placed.answer, questionId: placed.questionId, ...(placed.also ? { also: placed.also } : {}) }
    : { unclear: true };
}

/**
 * What an answer says to open questions that nothing tells apart: their cards end in the same digits. A NO is about all of
 * them, which errs on the safe side; a YES to one of them would confirm the others unseen.
 */
function toAll(questions: readonly AskedQuestion[], answer: Answer): ReplyMeaning | undefined {
  const [first, ...others] = questions;
  if (!first || others.some(({ last4 }) => last4 === undefined || last4 !== first.last4)) return undefined;
  if (others.length === 0) return answerTo(first, answer);
  const also = others.map(({ id }) => id);
  if (answer === 'yes') return { kind: 'unclear', questionId: first.id, also };
  return { kind: 'answer', answer, questionId: first.id, also };
}

/**
 * 1 and 2 answer only while a question is open. Where the message numbers several payments, a 1 may as well name the first of
 * them, and confirms none; a 2 is taken for NO all the same, which errs on the safe side.
 */
function byNumber(
  meanings: readonly WordMeaning[],
  numbers: readonly string[],
  open: readonly AskedQuestion[],
): Answer | undefined {
  if (meanings.length > 0 || numbers.length !== 1 || open.length === 0) return undefined;
  if (numbers[0] === '1') return open.some(({ listed }) => listed > 1) ? undefined : 'yes';
  return numbers[0] === '2' ? 'no' : undefined;
}

/** Which question, and which of its items, an answer is about. */
function placeAnswer(
  answer: Answer,
  numbers: readonly string[],
  questions: readonly AskedQuestion[],
  allOpen: readonly AskedQuestion[],
  stopped: boolean,
): ReplyMeaning {
  const open = allOpen.filter(mayMean(answer));
  const closed = questions.filter((question) => question.state !== 'open' && mayMean(answer)(question)).sort(byNewest);
  const unclear: ReplyMeaning = allOpen[0] ? { kind: 'unclear', questionId: allOpen[0].id } : { kind: 'unknown' };
  if (numbers.length > 1) return unclear;
  const number = numbers[0];
  if (number?.length === 4) {
    const named = open.filter(({ last4 }) => last4 === number);
    const over = closed.find(({ last4 }) => last4 === number);
    return toAll(named, answer) ?? (over ? answerTo(over, answer) : unclear);
  }
  if (open.length > 1) return toAll(open, answer) ?? { kind: 'which-card', answer };
  const question = open[0];
  if (question && number !== undefined) {
    const item = Number(number);
    return item >= 1 && item <= question.listed && question.listed > 1 ? answerTo(question, answer, item) : unclear;
  }
  if (question) return answerTo(question, answer);
  if (answer === 'yes' && stopped && allOpen.length === 0) return { kind: 'start' };
  return closed[0] ? answerTo(closed[0], answer) : unclear;
}
