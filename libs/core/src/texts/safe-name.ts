import { maskPan } from '../pan.ts';

const scheme = /\b[a-z][a-z0-9+.-]*:\/\//gi;
const www = /\bwww\./gi;
/** `shop.com/pay` is made a link by the phone: a dot before a word, and what looks like an address of mail. */
const dotted = /(?<=[\p{L}\p{N}])\.(?=\p{L}{2})/gu;
const slashes = /[/\\@]+/g;
/** A call-back number: seven digits or more, however they are grouped. */
const phone = /\+?\d(?:[\s().-]{0,2}\d){6,}/g;

/**
 * A name that somebody outside chose (merchant, payee, city) as it may stand in a text of the bank: no full card number, and
 * nothing that a telephone turns into a link or a number to call, because the bank's texts have neither. Empty when nothing is left.
 */
export function safeName(name: string): string {
  return maskPan(name.normalize('NFC').replace(/[\s\p{Cc}\p{Cf}]+/gu, ' '))
    .text.replace(scheme, '')
    .replace(www, '')
    .replace(dotted, ' ')
    .replace(slashes, ' ')
    .replace(phone, '')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** The first `most` code points: no surrogate pair is split. */
export const shortened = (name: string, most: number): string => {
  const points = [...name];
  return points.length <= most ? name : points.slice(0, most).join('').trimEnd();
};
