import { maskPan } from './pan.ts';

/** How much of a text of the bank's is kept, in code points. */
export const maxText = 500;

/** Printable ASCII without double blanks: nearly every text, and then nothing is to be done. */
function isClean(text: string): boolean {
  let before = 0x20;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || (code === 0x20 && before === 0x20)) return false;
    before = code;
  }
  return before !== 0x20;
}

const collapse = (text: string): string =>
  text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();

const cut = (text: string): string => (text.length <= maxText ? text : [...text].slice(0, maxText).join('').trimEnd());

/**
 * Text of people as it is stored: NFC, without control characters, blanks collapsed, at most 500 code points, every full
 * card number masked. `masked` counts those. Blanks are collapsed first, since a line break may stand inside a number.
 */
export function cleanText(text: string): { readonly text: string; readonly masked: number } {
  const { text: safe, count } = maskPan(isClean(text) ? text : collapse(text));
  return { text: cut(safe), masked: count };
}
