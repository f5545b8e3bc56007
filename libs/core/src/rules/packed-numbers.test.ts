import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { numbersFrom, numbersInto } from './packed-numbers.ts';

const limits = [6, 7, 13, 14, 27, 28, 31, 32, 34, 35, 51, 52].flatMap((bits) => [2 ** bits - 1, 2 ** bits]);
/** Numbers of every length. */
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.tuple(fc.integer({ min: 0, max: 52 }), fc.maxSafeNat()).map(([bits, value]) => value % 2 ** bits),
  fc.integer(),
  fc.constantFrom(0, ...limits, ...limits.map((limit) => -limit), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);

it('reads what was written, always', () => {
  fc.assert(
    fc.property(fc.array(number, { maxLength: 50 }), (numbers) => {
      expect(numbersFrom(numbersInto(numbers))).toEqual(numbers);
    }),
  );
  const many = Array.from({ length: 5_000 }, (_, index) => index * 2 ** 30);
  expect(numbersFrom(numbersInto(many))).toEqual(many);
});

it('writes as Protocol Buffers does', () => {
  expect([...numbersInto([0, -1, 1, -64, 150])]).toEqual([0, 1, 2, 127, 0xac, 0x02]);
  fc.assert(
    fc.property(number, (value) => {
      // ZigZag and base 128 by the book, in big integers.
      const bytes: number[] = [];
      let rest = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
      for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
      expect([...numbersInto([value])]).toEqual([...bytes, Number(rest)]);
    }),
  );
});

it('refuses what it could not read again', () => {
  for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53)])
    expect(() => numbersInto([value])).toThrow('Only safe integers');
  expect(() => numbersFrom(Uint8Array.of(0x80))).toThrow('end within a number');
});
