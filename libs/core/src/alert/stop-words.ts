import { read, tokensOf, vocabulary } from './read-words.ts';
import { besidePhrases, messageWords, polite, stopPhrases } from './words.ts';

/* Which texts ask to stop, and what else they say. */

const startsWithStop = (tokens: readonly string[]): boolean =>
  vocabulary.some(
    ({ tokens: phrase, meaning }) => meaning === 'stop' && phrase.every((token, n) => tokens[n] === token),
  );

/** How the text asks to stop, whatever else is going on: by a word, in plain language, or not at all. */
export function stopIn(tokens: readonly string[]): 'word' | 'plain' | undefined {
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

/** "Please stop" says no more than "stop": a payment can be meant. */
const speaksOfWriting = (phrase: string): boolean => phrase !== 'PLEASE STOP';

/** Which tokens belong to a wish to stop in plain language. */
function inPhrases(tokens: readonly string[]): { readonly marked: ReadonlySet<number>; readonly ofWriting: boolean } {
  const marked = new Set<number>();
  let ofWriting = false;
  for (const phrase of stopPhrases) {
    const parts = phrase.split(' ');
    for (let i = 0; i + parts.length <= tokens.length; i += 1) {
      if (!parts.every((part, n) => tokens[i + n] === part)) continue;
      ofWriting ||= speaksOfWriting(phrase);
      parts.forEach((_, n) => marked.add(i + n));
    }
  }
  return { marked, ofWriting };
}

/**
 * What is said beside the wish to stop: "cancel the card" is no wish to hear nothing more, and may report a fraud.
 * "Remove me" and "stop sending me this" say no more than "stop".
 */
export function beyondStop(tokens: readonly string[]): readonly string[] {
  const { marked, ofWriting } = inPhrases(tokens);
  const beyond: string[] = [];
  let afterStop = false;
  for (let i = 0; i < tokens.length;) {
    const token = tokens[i]!;
    const known = vocabulary.find((candidate) => candidate.tokens.every((part, n) => tokens[i + n] === part));
    const length = marked.has(i) ? 1 : (known?.tokens.length ?? 1);
    const stops = marked.has(i) || known?.meaning === 'stop';
    const idle =
      polite.includes(token) ||
      messageWords.includes(token) ||
      (afterStop && token === 'ME') ||
      (ofWriting && length === 1 && besidePhrases.includes(token));
    if (!stops && !idle) beyond.push(...tokens.slice(i, i + length));
    afterStop = stops;
    i += length;
  }
  return beyond;
}

/** The text begins with a NO that is no part of a wish to stop, as "no more texts" is, and nothing in it says yes. */
export function beginsWithNo(tokens: readonly string[]): boolean {
  if (inPhrases(tokens).marked.has(0)) return false;
  const first = vocabulary.find((candidate) => candidate.tokens.every((part, n) => tokens[n] === part));
  return first?.meaning === 'no' && !read(beyondStop(tokens)).meanings.includes('yes');
}
