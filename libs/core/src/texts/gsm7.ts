/*
 * How long a text message is. The GSM 7 bit default alphabet and its extension table: 3GPP TS 23.038 section 6.2.1.
 * A single character outside of it turns the whole message into UCS-2.
 */

const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Sent as an escape and a second septet. */
const extended = new Set('\f^{}\\[~]|€');

export interface SmsLength {
  readonly encoding: 'gsm-7' | 'ucs-2';
  /** Septets, or UTF-16 units. */
  readonly units: number;
  readonly segments: number;
}

const sizes = {
  'gsm-7': { single: 160, part: 153 },
  'ucs-2': { single: 70, part: 67 },
} as const;

export const septetsOf = (character: string): number | undefined =>
  basic.has(character) ? 1 : extended.has(character) ? 2 : undefined;

/** Units of each character in order; undefined when one does not exist in GSM-7. */
function septets(text: string): number[] | undefined {
  const units: number[] = [];
  for (const character of text) {
    const septets = septetsOf(character);
    if (septets === undefined) return undefined;
    units.push(septets);
  }
  return units;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** A part never ends inside an escape sequence or a surrogate pair, so its last unit may stay empty. */
function partsOf(units: readonly number[], size: number): number {
  let parts = 1;
  let used = 0;
  for (const unit of units) {
    if (used + unit > size) {
      parts += 1;
      used = 0;
    }
    used += unit;
  }
  return parts;
}

/** Encoding, units and segments of a text message. An empty one is one segment. */
export function smsLength(text: string): SmsLength {
  const gsm = septets(text);
  const encoding = gsm === undefined ? 'ucs-2' : 'gsm-7';
  const each = gsm ?? [...text].map((character) => character.length);
  const units = sum(each);
  const { single, part } = sizes[encoding];
  return { encoding, units, segments: units <= single ? 1 : partsOf(each, part) };
}

/** What stands in texts for looks only, and would cost half of every message. Names keep their letters. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4`]/g, "'"],
  [/[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb]/g, '"'],
  [/[\u2010-\u2015\u2212]/g, '-'],
  [/\u2026/g, '...'],
  [/[\u00a0\u2000-\u200a\u202f\u205f\u3000\t]/g, ' '],
  [/[\u200b-\u200f\u2060\ufeff\u00ad]/g, ''],
];

/** Typographic quotes, dashes, ellipsis and blanks as ASCII; `replaced` counts them. */
export function smsSafe(text: string): { readonly text: string; readonly replaced: number } {
  let replaced = 0;
  let safe = text;
  for (const [pattern, ascii] of replacements) {
    safe = safe.replace(pattern, () => {
      replaced += 1;
      return ascii;
    });
  }
  return { text: safe, replaced };
}
