import type { Instant } from '../time.ts';
import type { QuestionState } from './state.ts';
import { stopPhrases, words } from './words.ts';
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

export type ReplyMeaning =
  /** `review`: read from plain language, so a person looks at it. `answer`: clearly said in the same breath ("NO STOP"). */
  | { readonly kind: 'stop'; readonly review: boolean; readonly answer?: Answer; readonly questionId?: string }
  | { readonly kind: 'answer'; readonly answer: Answer; readonly questionId: string; readonly item?: number }
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
  /** Yes and no mixed, or with more words than we understand. */
  | { readonly kind: 'unclear'; readonly questionId: string }
  /** Words that say nothing to us; `questionId` when a question is open. */
  | { readonly kind: 'unknown'; readonly questionId?: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'start' }
  | { readonly kind: 'human' }
  | { readonly kind: 'balance' }
  /** Nothing was said, the conversation was only opened. */
  | { readonly kind: 'opening' };

const vocabulary: readonly { readonly tokens: readonly string[]; readonly meaning: WordMeaning }[] = Object.values(
  words,
)
  .flatMap((language) => Object.entries(language) as [WordMeaning, readonly string[]][])
  .flatMap(([meaning, phrases]) => phrases.map((phrase) => ({ tokens: phrase.split(' '), meaning })))
  .sort((a, b) => b.tokens.length - a.tokens.length);

const thumbs = /[\u{1f44d}\u{1f44e}]/gu;
const longestText = 1_000;

/** NFKC, upper case, without accents, punctuation and emoji variation marks; "S.T.O.P" is the word STOP. */
export function tokensOf(text: string): readonly string[] {
  const plain = text
    .slice(0, longestText)
    .normalize('NFKC')
    .replace(/[\p{Cf}\u{fe0e}\u{fe0f}\u{1f3fb}-\u{1f3ff}]/gu, '')
    .toUpperCase()
    .normalize('NFD')
    // The Cyrillic short i is a letter of its own, all other marks are accents.
    .replace(/(?<!И)\p{M}/gu, '')
    .normalize('NFC')
    .replace(/['’`]/gu, '')
    .replace(thumbs, ' $& ')
    .replace(/[^\p{L}\p{N}\u{1f44d}\u{1f44e}]+/gu, ' ')
    .trim();
  const tokens = plain === '' ? [] : plain.split(' ');
  return joinSpelledOut(tokens);
}

const isLetter = (token: string): boolean => /^\p{L}$/u.test(token);

/** Three or more single letters in a row are a word spelled out, and so is a text of nothing but two or more. */
function joinSpelledOut(tokens: readonly string[]): readonly string[] {
  if (tokens.length > 1 && tokens.every(isLetter)) return [tokens.join('')];
  const joined: string[] = [];
  for (let i = 0; i < tokens.length;) {
    let end = i;
    while (end < tokens.length && isLetter(tokens[end]!)) end += 1;
    if (end - i >= 3) joined.push(tokens.slice(i, end).join(''));
    else joined.push(...tokens.slice(i, Math.max(end, i + 1)));
    i = Math.max(end, i + 1);
  }
  return joined;
}

interface Reading {
  /** Meanings of the phrases, in order, without fillers. */
  readonly meanings: readonly WordMeaning[];
  readonly numbers: readonly string[];
  /** Words that belong to no phrase. */
  readonly strange: number;
}

function read(tokens: readonly string[]): Reading {
  const meanings: WordMeaning[] = [];
  const numbers: string[] = [];
  let strange = 0;
  for (let i = 0; i < tokens.length;) {
    const phrase = vocabulary.find((candidate) => candidate.tokens.every((token, n) => tokens[i + n] === token));
    if (phrase) {
      if (phrase.meaning !== 'filler') meanings.push(phrase.meaning);
      i += phrase.tokens.length;
      continue;
    }
    if (/^\d+$/.test(tokens[i]!)) numbers.push(tokens[i]!);
    else strange += 1;
    i += 1;
  }
  return { meanings, numbers, strange };
}

const startsWithStop = (tokens: readonly string[]): boolean =>
  vocabulary.some(
    ({ tokens: phrase, meaning }) => meaning === 'stop' && phrase.every((token, n) => tokens[n] === token),
  );

/** How the text asks to stop, whatever else is going on: by a word, in plain language, or not at all. */
function stopIn(tokens: readonly string[]): 'word' | 'plain' | undefined {
  if (startsWithStop(tokens)) return 'word';
  const { meanings, strange } = read(tokens);
  if (meanings.includes('stop') && strange === 0) return 'word';
  const text = ` ${tokens.join(' ')} `;
  return stopPhrases.some((phrase) => text.includes(` ${phrase} `)) ? 'plain' : undefined;
}

/**
 * Does this text revoke? The gateway asks before it acknowledges, the alert stage when it acts: the answer depends on
 * nothing but the text, so both always agree.
 */
export const isStop = (text: string): boolean => stopIn(tokensOf(text)) !== undefined;

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
  const tap = /^Q:([^:]+):([YN])$/.exec(input.payload ?? '');
  if (tap) {
    const question = questions.find(({ id }) => id === tap[1]);
    return question ? answerTo(question, tap[2] === 'Y' ? 'yes' : 'no') : { kind: 'stale-tap' };
  }
  const tokens = saidIn(input);
  const { meanings, numbers, strange } = read(tokens);
  const { providerHandled } = input;
  const stop = providerHandled === 'stop' ? 'word' : stopIn(tokens);
  if (stop) {
    const answer =
      strange === 0 && numbers.length === 0 ? clearAnswer(meanings.filter((m) => m !== 'stop')) : undefined;
    const meant = answer === undefined ? [] : open.filter(mayMean(answer));
    const clear = answer !== undefined && meant.length === 1 ? { answer, questionId: meant[0]!.id } : {};
    return { kind: 'stop', review: stop === 'plain', ...clear };
  }
  if (input.opening === true) return { kind: 'opening' };
  if (providerHandled === 'start' || providerHandled === 'help') return { kind: providerHandled };
  const answer = strange === 0 ? (clearAnswer(meanings) ?? byNumber(meanings, numbers, open)) : undefined;
  if (answer) return placeAnswer(answer, meanings.length === 0 ? [] : numbers, questions, open, stopped);
  const first = meanings[0];
  if (first === 'help' || first === 'start' || first === 'human' || first === 'balance') return { kind: first };
  const questionId = open[0]?.id;
  if (questionId === undefined) return { kind: 'unknown' };
  return meanings.some((meaning) => answers[meaning])
    ? { kind: 'unclear', questionId }
    : { kind: 'unknown', questionId };
}

/** 1 and 2 answer only while a question is open that shows them as choices. */
function byNumber(
  meanings: readonly WordMeaning[],
  numbers: readonly string[],
  open: readonly AskedQuestion[],
): Answer | undefined {
  if (meanings.length > 0 || numbers.length !== 1 || open.length === 0) return undefined;
  return numbers[0] === '1' ? 'yes' : numbers[0] === '2' ? 'no' : undefined;
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
    const card = open.find(({ last4 }) => last4 === number) ?? closed.find(({ last4 }) => last4 === number);
    return card ? answerTo(card, answer) : unclear;
  }
  if (open.length > 1) return { kind: 'which-card', answer };
  const question = open[0];
  if (question && number !== undefined) {
    const item = Number(number);
    return item >= 1 && item <= question.listed && question.listed > 1 ? answerTo(question, answer, item) : unclear;
  }
  if (question) return answerTo(question, answer);
  if (answer === 'yes' && stopped && allOpen.length === 0) return { kind: 'start' };
  return closed[0] ? answerTo(closed[0], answer) : unclear;
}
