import { ibanLength, isIban } from './iban.ts';
import { ScanText } from './scan-text.ts';

/*
 * The one scanner for full card numbers (PANs): whatever is stored, told or logged passes through it.
 * A PAN is a run of 13 to 19 digits, with at most one space, hyphen or dot between two of them, that begins like a card
 * number (3, 4, 5, 6 or 2221 to 2720; 9 is left out, because no international scheme uses it and many references do) and
 * passes the Luhn check (ISO/IEC 7812-1). Text is compared after NFKC and without zero-width characters; a line break or a tab
 * counts as a space.
 *
 * One reference number in ten passes Luhn by chance. So things that are known by their type are taken out first (UUIDs,
 * IBANs, dates, decimal amounts, phone numbers with a plus sign), and fields that are identifiers by name are not scanned.
 */

/**
 * Fields that hold an identifier, by name, wherever they stand: never masked, since a masked id is another id. The account
 * and the card are the bank's own tokens by contract.
 */
export const identifierFields: ReadonlySet<string> = new Set([
  'id',
  'lifecycleId',
  'accountId',
  'customerId',
  'transactionId',
  'requestId',
  'reversalOf',
  'terminalId',
  'deviceId',
  'payeeId',
  'orderId',
  'shipmentId',
  'account',
  'token',
  'cardToken',
  'rrn',
  'stan',
  'uetr',
  'endToEndId',
]);

export const isIdentifierField = (name: string): boolean => identifierFields.has(name);

interface Span {
  readonly start: number;
  readonly end: number;
}

const uuid = /(?<![0-9a-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z])/gi;
const iban = /(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]){11,30}/g;
const date =
  /(?<![0-9]|[0-9][.-])(?:(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[1-9]|[12][0-9]|3[01])([.-])(?:0[1-9]|1[0-2])\1(?:19|20)[0-9]{2})(?![0-9]|[.-][0-9])/g;
const decimal = /(?<![0-9]|[0-9][.-])[0-9]{1,12}\.[0-9]{1,3}(?![0-9]|[.-][0-9])/g;
const run = /[0-9](?:[ .-]?[0-9]){12,}/g;

const hidden = (text: string): string => 'x'.repeat(text.length);

function hideIban(text: string, offset: number, whole: string): string {
  const length = ibanLength(text.slice(0, 2));
  if (length === undefined) return text;
  let end = 0;
  for (let seen = 0; end < text.length && seen < length; end++) if (text[end] !== ' ') seen += 1;
  // What goes on without a break is something else that only begins like one.
  if (/[0-9A-Za-z]/.test(whole[offset + end] ?? '')) return text;
  return isIban(text.slice(0, end).replaceAll(' ', '')) ? hidden(text.slice(0, end)) + text.slice(end) : text;
}

const known = (digits: string): boolean => {
  const first = digits.charCodeAt(0) - 48;
  if (first >= 3 && first <= 6) return true;
  const four = Number(digits.slice(0, 4));
  return four >= 2221 && four <= 2720;
};

/** ISO/IEC 7812-1 annex B. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    const digit = digits.charCodeAt(i) - 48;
    sum += double ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return sum % 10 === 0;
}

const isPan = (digits: string): boolean => digits.length >= 13 && digits.length <= 19 && known(digits) && luhn(digits);

/**
 * PANs in one run of digits. The whole run first, however it is separated; then parts of it, so that a card number next to
 * another number is found: single groups, and groups with one kind of separator whose first is as long as on a card.
 */
function* inRun(text: string, at: number): Generator<Span> {
  if (isPan(text.replace(/[ .-]/g, ''))) {
    yield { start: at, end: at + text.length };
    return;
  }
  const groups = [...text.matchAll(/[0-9]+/g)];
  for (let first = 0; first < groups.length; first++) {
    const { index, 0: head } = groups[first]!;
    const grouped = head.length === 4 || head.length === 6;
    let digits = head;
    let longest = isPan(digits) ? first : -1;
    for (let last = first + 1; grouped && last < groups.length && digits.length < 19; last++) {
      const next = groups[last]!;
      if (text[next.index - 1] !== text[index + head.length]) break;
      digits += next[0];
      if (isPan(digits)) longest = last;
    }
    if (longest < 0) continue;
    const tail = groups[longest]!;
    yield { start: at + index, end: at + tail.index + tail[0].length };
    first = longest;
  }
}

/** E.164: a plus sign and at most 15 digits. */
const isPhone = (text: string, match: RegExpExecArray): boolean =>
  text[match.index - 1] === '+' && match[0].replace(/[ .-]/g, '').length <= 15;

function* find(text: string): Generator<Span> {
  const cleared = text.replace(uuid, hidden).replace(iban, hideIban).replace(date, hidden).replace(decimal, hidden);
  for (const match of cleared.matchAll(run)) if (!isPhone(cleared, match)) yield* inRun(match[0], match.index);
}

/** A digit of another script or form (full-width, superscript, circled), which NFKC may turn into an ASCII one. */
const foreignDigit = /(?![0-9])[\p{Nd}\p{No}]/u;

/** Fewer than 13 ASCII digits and nothing that could stand for one: the answer for nearly every text. */
function cannotHold(text: string): boolean {
  let digits = 0;
  let foreign = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) foreign = true;
    else if (code >= 48 && code <= 57) digits += 1;
  }
  return digits < 13 && !(foreign && foreignDigit.test(text));
}

/** Every PAN becomes `..` and its last four digits; `count` says how many there were. */
export function maskPan(text: string): { readonly text: string; readonly count: number } {
  if (cannotHold(text)) return { text, count: 0 };
  const scan = ScanText.ofString(text);
  let masked = '';
  let from = 0;
  let count = 0;
  for (const { start, end } of find(scan.text)) {
    const last4 = scan.text
      .slice(start, end)
      .replace(/[^0-9]/g, '')
      .slice(-4);
    masked += `${text.slice(from, scan.start(start))}..${last4}`;
    from = scan.end(end - 1);
    count += 1;
  }
  return count === 0 ? { text, count } : { text: masked + text.slice(from), count };
}

function bytesCannotHold(bytes: Uint8Array): boolean {
  let digits = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f || byte === 0x5c) return false;
    if (byte >= 48 && byte <= 57) digits += 1;
  }
  return digits < 13;
}

/**
 * The digits of every PAN, all but the last four, are overwritten with `*` in place; every other byte is what it was, and
 * the length stays. With nothing to hide the same array comes back.
 */
export function starPan(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly count: number } {
  if (bytesCannotHold(bytes)) return { bytes, count: 0 };
  const scan = ScanText.ofBytes(bytes);
  let starred: Uint8Array | undefined;
  let count = 0;
  for (const { start, end } of find(scan.text)) {
    starred ??= Uint8Array.from(bytes);
    let kept = 0;
    for (let i = end - 1; i >= start; i--) {
      const code = scan.text.charCodeAt(i);
      if (code < 48 || code > 57) continue;
      if (kept < 4) kept += 1;
      else starred.fill(0x2a, scan.start(i), scan.end(i));
    }
    count += 1;
  }
  return { bytes: starred ?? bytes, count };
}
