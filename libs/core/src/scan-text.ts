/** Format characters, marks (keycap digits carry two) and NUL, which UTF-16 puts between ASCII digits: all invisible to the scan. */
const invisible = /^[\p{Cf}\p{Mn}\p{Me}\0]$/u;
const dash = /^\p{Pd}$/u;
/** Also control characters: whoever stores a text makes blanks of them. */
const blank = /^[\s\p{Cc}]$/u;
const space = 0x20;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * A text as a scanner should see it (NFKC, without zero-width characters, all dashes as hyphens, a space for any other blank and
 * for a line break), which remembers for each of its characters where it stood in the original, be that a string or bytes.
 */
export class ScanText {
  #text = '';
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #afterReturn = false;

  get text(): string {
    return this.#text;
  }

  /** Where the character at this index began in the original. */
  start(index: number): number {
    return this.#starts[index]!;
  }

  /** Where it ended, exclusive. */
  end(index: number): number {
    return this.#ends[index]!;
  }

  #add(characters: string, start: number, end: number): void {
    this.#text += characters;
    for (let i = 0; i < characters.length; i++) {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  push(codePoint: number, start: number, end: number): void {
    this.#push(codePoint, start, end);
    this.#afterReturn = codePoint === carriageReturn;
  }

  #push(codePoint: number, start: number, end: number): void {
    const character = String.fromCodePoint(codePoint);
    if (codePoint >= space && codePoint < 0x7f) this.#add(character, start, end);
    else if (invisible.test(character)) return;
    else if (blank.test(character)) {
      if (codePoint !== lineFeed || !this.#afterReturn) this.#add(' ', start, end);
    } else if (dash.test(character)) this.#add('-', start, end);
    else this.#add(character.normalize('NFKC'), start, end);
  }

  static ofString(text: string): ScanText {
    const scan = new ScanText();
    for (let i = 0; i < text.length;) {
      const codePoint = text.codePointAt(i)!;
      const end = i + (codePoint > 0xffff ? 2 : 1);
      scan.push(codePoint, i, end);
      i = end;
    }
    return scan;
  }

  /** UTF-8 read leniently (a wrong byte is one character), with JSON's escapes read as what they stand for. */
  static ofBytes(bytes: Uint8Array): ScanText {
    const scan = new ScanText();
    for (let i = 0; i < bytes.length;) {
      const { codePoint, length } = bytes[i] === backslash ? escapedAt(bytes, i) : utf8At(bytes, i);
      scan.push(codePoint, i, i + length);
      i += length;
    }
    return scan;
  }
}

interface Read {
  readonly codePoint: number;
  readonly length: number;
}

const backslash = 0x5c;
/** What \b, \f, \n, \r and \t stand for, by their second character. */
const shortBlanks: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, lineFeed],
  [0x72, carriageReturn],
  [0x74, 0x09],
]);
const wrong: Read = { codePoint: 0xfffd, length: 1 };

function utf8At(bytes: Uint8Array, at: number): Read {
  const first = bytes[at]!;
  if (first < 0x80) return { codePoint: first, length: 1 };
  const length =
    first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 && first < 0xe0 ? 2 : 0;
  if (length === 0) return wrong;
  let codePoint = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i];
    if (next === undefined || (next & 0xc0) !== 0x80) return wrong;
    codePoint = (codePoint << 6) | (next & 0x3f);
  }
  return codePoint > 0x10ffff ? wrong : { codePoint, length };
}

/** The code unit of `\uXXXX`; undefined where there is none. */
function unitAt(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== backslash || bytes[at + 1] !== 0x75) return undefined;
  let unit = 0;
  for (let i = 2; i < 6; i++) {
    const digit = Number.parseInt(String.fromCharCode(bytes[at + i] ?? 0), 16);
    if (Number.isNaN(digit)) return undefined;
    unit = unit * 16 + digit;
  }
  return unit;
}

function escapedAt(bytes: Uint8Array, at: number): Read {
  const blankRead = shortBlanks.get(bytes[at + 1]!);
  if (blankRead !== undefined) return { codePoint: blankRead, length: 2 };
  const high = unitAt(bytes, at);
  if (high === undefined) return { codePoint: backslash, length: 1 };
  const low = high >= 0xd800 && high < 0xdc00 ? unitAt(bytes, at + 6) : undefined;
  if (low === undefined || low < 0xdc00 || low > 0xdfff) return { codePoint: high, length: 6 };
  return { codePoint: 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), length: 12 };
}
