/*
 * Whole numbers as bytes, small ones in few: ZigZag and base-128 varints as in Protocol Buffers (protobuf.dev, "Encoding"),
 * for every whole number that is exact in JavaScript. Lists of them are written and read several times as fast as by
 * MessagePack. The sign is the lowest bit of the first byte, so that no number is doubled, which would round a large one.
 */

/** Six bits of a number fit into its first byte, beside sign and continuation. */
const ofFirst = 0x40;
const low = 2 ** 28;
/** Below this, bit operations are exact for number and sign together. */
const small = 2 ** 30;
/** Bytes of one number at most: 6 bits in the first, 7 in each other one. */
const mostBytes = 8;

let scratch = new Uint8Array(4096);

/** @throws RangeError for what is no safe integer */
export function numbersInto(numbers: readonly number[]): Uint8Array {
  if (scratch.length < numbers.length * mostBytes) scratch = new Uint8Array(2 * numbers.length * mostBytes);
  const bytes = scratch;
  let at = 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    if (!Number.isSafeInteger(number)) throw new RangeError('Only safe integers can be packed.');
    const sign = number < 0 ? 1 : 0;
    const size = number < 0 ? -1 - number : number;
    let rest: number;
    if (size < small) rest = (size << 1) | sign;
    else {
      // One byte or five by hand, until what remains is small.
      rest = Math.floor(size / ofFirst);
      bytes[at++] = ((size - rest * ofFirst) << 1) | sign | 0x80;
      if (rest >= low) {
        const high = Math.floor(rest / low);
        const lower = rest - high * low;
        bytes[at++] = (lower & 0x7f) | 0x80;
        bytes[at++] = ((lower >>> 7) & 0x7f) | 0x80;
        bytes[at++] = ((lower >>> 14) & 0x7f) | 0x80;
        bytes[at++] = (lower >>> 21) | 0x80;
        rest = high;
      }
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
  }
  return bytes.slice(0, at);
}

/** So many numbers can be added to what was read before it has to move. */
const spare = 24;
/** Where numbers are unpacked. It holds a fraction from the start, so that the engine keeps it and its copies as doubles. */
const unpacked: number[] = [0.5];

/**
 * An array of doubles with some room behind it: numbers are added to most of what is read.
 * @throws RangeError where the bytes end within a number
 */
export function numbersFrom(bytes: Uint8Array): number[] {
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    let byte = bytes[at++]!;
    const negative = (byte & 1) === 1;
    let value = (byte & 0x7f) >>> 1;
    for (let weight = ofFirst; byte >= 0x80; weight *= 0x80) {
      if (at === bytes.length) throw new RangeError('The bytes end within a number.');
      byte = bytes[at++]!;
      value += (byte & 0x7f) * weight;
    }
    if (count === unpacked.length) unpacked.push(0.5);
    unpacked[count++] = negative ? -1 - value : value;
  }
  while (unpacked.length < count + spare) unpacked.push(0.5);
  const numbers = unpacked.slice(0, count + spare);
  numbers.length = count;
  return numbers;
}
