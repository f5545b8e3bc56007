import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { median, percentile, slope } from './statistics.ts';
import { table } from './table.ts';

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

describe('statistics', () => {
  it('take the one in the middle, or the mean of two', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow('nothing');
  });

  it('never find a percentile that fewer than its share lie at or below', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
        const found = percentile(values, share);
        expect(values).toContain(found);
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * values.length - 1e-9);
      }),
    );
  });

  it('find the slope of a line', () => {
    expect(slope([0, 1, 2, 3].map((x) => [x, 5 - 2 * x] as const))).toBeCloseTo(-2);
    expect(slope([[1, 1]])).toBe(0);
  });

  it('stand in tables whose columns are aligned', () => {
    expect(
      table(
        ['what', 'n'],
        [
          ['a', '1,000'],
          ['longer', '2'],
        ],
      ),
    ).toBe(['| what   |     n |', '| ------ | ----: |', '| a      | 1,000 |', '| longer |     2 |'].join('\n'));
  });
});
