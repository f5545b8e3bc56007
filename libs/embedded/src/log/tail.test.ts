import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LogRecord } from '@tocsin/core';
import { Tail } from './tail.ts';

const record = (offset: number): LogRecord => ({
  topic: 't',
  partition: 0,
  offset,
  timestamp: 0,
  key: null,
  value: null,
  headers: {},
});

describe('the tail of a partition', () => {
  it('always answers as the file would, or not at all, and never holds more than it may', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3_000 }),
        fc.integer({ min: 0, max: 5 }),
        fc.array(fc.tuple(fc.nat(3_100), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 }))),
        (sizes, first, reads) => {
          const limit = 500;
          const tail = new Tail(limit);
          sizes.forEach((size, i) => tail.push(record(first + i), size));
          const end = first + sizes.length;
          for (const [from, maxRecords, maxBytes] of reads) {
            const found = tail.read(from, maxRecords, maxBytes);
            if (found === undefined) continue;
            expect(found.length).toBeGreaterThan(0);
            expect(found.length).toBeLessThanOrEqual(maxRecords);
            expect(found.map(({ offset }) => offset)).toEqual(found.map((_, i) => from + i));
            expect(from + found.length).toBeLessThanOrEqual(end);
            const bytes = sizes.slice(from - first, from - first + found.length).reduce((sum, size) => sum + size);
            expect(bytes <= maxBytes || found.length === 1).toBe(true);
            expect(bytes).toBeLessThanOrEqual(limit);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('holds the newest record as long as it fits', () => {
    const tail = new Tail(100);
    tail.push(record(0), 60);
    tail.push(record(1), 60);
    expect(tail.read(0, 10, 1_000)).toBeUndefined();
    expect(tail.read(1, 10, 1_000)).toEqual([record(1)]);
    expect(tail.read(2, 10, 1_000)).toBeUndefined();
  });
});
