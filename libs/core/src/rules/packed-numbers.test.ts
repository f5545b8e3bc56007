import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { numbersFrom, numbersInto } from './packed-numbers.ts';

const number = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.double({ noNaN: true, min: -(2 ** 51), max: 2 ** 51 - 1 }).map((value) => Math.trunc(value) + 0),
  fc.constantFrom(0, 127, 128, 2 ** 27 - 1, 2 ** 27, 2 ** 28, -(2 ** 27), -(2 ** 51), 2 ** 51 - 1),
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

it('writes a small number in one byte, as Protocol Buffers does', () => {
  expect([...numbersInto([0, -1, 1, -64, 150])]).toEqual([0, 1, 2, 127, 0xac, 0x02]);
});

it('refuses what it could not read again', () => {
  for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 51, -(2 ** 51) - 1])
    expect(() => numbersInto([value])).toThrow('Only whole numbers');
  expect(() => numbersFrom(Uint8Array.of(0x80))).toThrow('end within a number');
});
