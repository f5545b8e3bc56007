/*
 * Whole numbers as a text, small ones in few characters: ZigZag and varints as in Protocol Buffers (protobuf.dev,
 * "Encoding"), but to the base of 32, in the printable characters from "?" to "~", for every whole number that is exact in
 * JavaScript. Lists of them are written and read several times as fast as by MessagePack; and a text is read at the cost of
 * a copy, where bytes would each time be memory of their own outside the heap. The sign is the lowest bit of the first
 * character, so that no number is doubled, which would round a large one.
 */

const zero = 63;
/** Four bits of a number fit into its first character, beside sign and continuation. */
const ofFirst = 0x10;
const more = 0x20;
const low = 2 ** 25;
/** Below this, bit operations are exact for number and sign together. */
const small = 2 ** 30;
/** Characters of one number at most: 4 bits in the first, 5 in each other one. */
const mostCharacters = 11;

const decoder = new TextDecoder();
let scratch = new Uint8Array(4096);

/** @throws RangeError for what is no safe integer */
export function packedNumbers(numbers: readonly number[]): string {
  if (scratch.length < numbers.length * mostCharacters) scratch = new Uint8Array(2 * numbers.length * mostCharacters);
  const characters = scratch;
  let at = 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    if (!Number.isSafeInteger(number)) throw new RangeError('Only safe integers can be packed.');
    const sign = number < 0 ? 1 : 0;
    const size = number < 0 ? -1 - number : number;
    let rest: number;
    if (size < small) rest = (size << 1) | sign;
    else {
      // Six characters by hand, then what remains is small.
      rest = Math.floor(size / ofFirst);
      characters[at++] = zero + (((size - rest * ofFirst) << 1) | sign | more);
      const high = Math.floor(rest / low);
      let lower = rest - high * low;
      for (let next = 0; next < 5; next++) {
        characters[at++] = zero + ((lower & 0x1f) | more);
        lower >>>= 5;
      }
      rest = high;
    }
    while (rest >= more) {
      characters[at++] = zero + ((rest & 0x1f) | more);
      rest >>>= 5;
    }
    characters[at++] = zero + rest;
  }
  return decoder.decode(characters.subarray(0, at));
}

/** So many numbers can be added to what was read before it has to move. */
const spare = 16;
/** Where numbers are unpacked. It holds a fraction from the start, so that the engine keeps it and its copies as doubles. */
const unpacked: number[] = [0.5];

/**
 * An array of doubles with some room behind it: numbers are added to most of what is read.
 * @throws RangeError where the text ends within a number
 */
export function unpackedNumbers(packed: string): number[] {
  let count = 0;
  let at = 0;
  while (at < packed.length) {
    let digit = packed.charCodeAt(at++) - zero;
    const negative = (digit & 1) === 1;
    let value = (digit & 0x1f) >>> 1;
    for (let weight = ofFirst; digit >= more; weight *= 0x20) {
      if (at === packed.length) throw new RangeError('The text ends within a number.');
      digit = packed.charCodeAt(at++) - zero;
      value += (digit & 0x1f) * weight;
    }
    if (count === unpacked.length) unpacked.push(0.5);
    unpacked[count++] = negative ? -1 - value : value;
  }
  while (unpacked.length < count + spare) unpacked.push(0.5);
  const numbers = unpacked.slice(0, count + spare);
  numbers.length = count;
  return numbers;
}
