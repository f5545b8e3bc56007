/*
 * Whole numbers as bytes, small ones in few: ZigZag and base-128 varints as in Protocol Buffers (protobuf.dev, "Encoding"),
 * for numbers of up to 52 bits. Lists of them are written and read several times as fast as by MessagePack.
 */

const most = 2 ** 51;
const low = 2 ** 28;
/** Bytes of one number at most: 52 bits, seven in each. */
const mostBytes = 8;

let scratch = new Uint8Array(4096);

/** @throws RangeError for what is not a whole number of at most 51 bits */
export function numbersInto(numbers: readonly number[]): Uint8Array {
  if (scratch.length < numbers.length * mostBytes) scratch = new Uint8Array(2 * numbers.length * mostBytes);
  const bytes = scratch;
  let at = 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    if (!(number >= -most && number < most && Number.isInteger(number))) {
      throw new RangeError('Only whole numbers of at most 51 bits can be packed.');
    }
    let rest = number < 0 ? -2 * number - 1 : 2 * number;
    if (rest >= low) {
      const high = Math.floor(rest / low);
      const lower = rest - high * low;
      bytes[at++] = (lower & 0x7f) | 0x80;
      bytes[at++] = ((lower >>> 7) & 0x7f) | 0x80;
      bytes[at++] = ((lower >>> 14) & 0x7f) | 0x80;
      bytes[at++] = (lower >>> 21) | 0x80;
      rest = high;
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
  }
  return bytes.slice(0, at);
}

/** @throws RangeError where the bytes end within a number */
export function numbersFrom(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    let value = 0;
    let weight = 1;
    for (;;) {
      if (at === bytes.length) throw new RangeError('The bytes end within a number.');
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) break;
      weight *= 0x80;
    }
    numbers.push(value % 2 === 0 ? value / 2 : -(value + 1) / 2);
  }
  return numbers;
}
