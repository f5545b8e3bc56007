import { words } from './words.ts';
import type { WordMeaning } from './words.ts';

/* From what somebody typed to words, and from words to what each of them means. */

export const vocabulary: readonly { readonly tokens: readonly string[]; readonly meaning: WordMeaning }[] =
  Object.values(words)
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

export interface Reading {
  /** Meanings of the phrases, in order, without fillers. */
  readonly meanings: readonly WordMeaning[];
  readonly numbers: readonly string[];
  /** Words that belong to no phrase. */
  readonly strange: number;
}

export function read(tokens: readonly string[]): Reading {
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
