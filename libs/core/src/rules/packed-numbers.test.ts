import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packedNumbers, unpackedNumbers } from './packed-numbers.ts';

const limits = [4, 5, 9, 10, 14, 24, 25, 29, 30, 34, 35, 51, 52].flatMap((bits) => [2 ** bits - 1, 2 ** bits]);
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
      expect(unpackedNumbers(packedNumbers(numbers))).toEqual(numbers);
    }),
  );
  const many = Array.from({ length: 5_000 }, (_, index) => index * 2 ** 30);
  expect(unpackedNumbers(packedNumbers(many))).toEqual(many);
});

it('writes varints to the base of 32 in printable characters, with the sign as Protocol Buffers has it', () => {
  expect(packedNumbers([0, -1, 1, -16, 150])).toBe('?@A^kH');
  fc.assert(
    fc.property(number, (value) => {
      // ZigZag and base 32 by the book, in big integers.
      let expected = '';
      let rest = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
      for (; rest >= 32n; rest >>= 5n) expected += String.fromCharCode(63 + Number(rest & 31n) + 32);
      expected += String.fromCharCode(63 + Number(rest));
      expect(packedNumbers([value])).toBe(expected);
      expect(expected).toMatch(/^[?-~]+$/);
    }),
  );
});

it('refuses what it could not read again', () => {
  for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53)])
    expect(() => packedNumbers([value])).toThrow('Only safe integers');
  expect(() => unpackedNumbers('_')).toThrow('ends within a number');
});
