import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  countRows,
  findRow,
  findRows,
  insertRow,
  isSaturated,
  maxRingRows,
  newRing,
  removeRow,
  ringCapacity,
  rowCount,
} from './ring.ts';
import type { Ring } from './ring.ts';

const wide = { rows: 1000, span: Number.POSITIVE_INFINITY };

const rowsOf = (ring: Ring, width: number): readonly (readonly number[])[] => {
  const starts: number[] = [];
  const times: number[] = [];
  findRows(ring, width, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, starts, times);
  return times.map((at, i) => [at, ...ring.slice(starts[i]! + 1, starts[i]! + 1 + width)]).reverse();
};

const filled = (rows: readonly (readonly number[])[], limits = wide): Ring => {
  const ring = newRing();
  for (const [at, ...columns] of rows) insertRow(ring, at!, columns, limits);
  return ring;
};

const time = fc.integer({ min: 1, max: 60 });
const row = fc.tuple(time, fc.integer({ min: 0, max: 3 }));
const byTime = (a: readonly number[], b: readonly number[]) => a[0]! - b[0]!;

describe('a ring', () => {
  it('always holds its rows in the order of their time, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        expect(rowsOf(filled(rows), 1)).toEqual([...rows].sort(byTime));
      }),
    );
  });

  it('counts what a list would count', () => {
    fc.assert(
      fc.property(fc.array(time, { maxLength: 30 }), time, time, (times, after, until) => {
        const ring = filled(times.map((at) => [at]));
        expect(countRows(ring, 0, after, until)).toBe(times.filter((at) => at > after && at <= until).length);
      }),
    );
  });

  it('never holds more rows than it may, keeps the newest, and knows what it lost', () => {
    fc.assert(
      fc.property(fc.array(time, { maxLength: 40 }), fc.integer({ min: 1, max: 8 }), (times, rows) => {
        const ring = filled(
          times.map((at) => [at]),
          { rows, span: Number.POSITIVE_INFINITY },
        );
        const sorted = times.toSorted((a, b) => a - b);
        expect(rowsOf(ring, 0).flat()).toEqual(sorted.slice(-rows));
        const lost = sorted.slice(0, -rows).at(-1);
        for (const after of [0, 20, 40]) expect(isSaturated(ring, after)).toBe(lost !== undefined && lost > after);
      }),
    );
  });

  it('drops what is older than its span', () => {
    const ring = filled([[100], [150], [200]], { rows: 8, span: 60 });
    expect(rowsOf(ring, 0)).toEqual([[150], [200]]);
    expect(insertRow(ring, 140, [], { rows: 8, span: 60 })).toBe(false);
    expect(insertRow(ring, 141, [], { rows: 8, span: 60 })).toBe(true);
    expect(isSaturated(ring, 139)).toBe(true);
    expect(isSaturated(ring, 140)).toBe(false);
  });

  it('is what it would be without a row that was taken out again', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), row, (rows, [at, column]) => {
        const ring = filled(rows);
        insertRow(ring, at, [column], wide);
        expect(removeRow(ring, 1, at, column)).toBe(true);
        expect(rowsOf(ring, 1).map(String).sort()).toEqual(rows.map(String).sort());
        const before = [...ring];
        expect(removeRow(ring, 1, 61)).toBe(false);
        expect(ring).toEqual(before);
      }),
    );
  });

  it('finds a row by time and column', () => {
    const ring = filled([
      [10, 1],
      [10, 2],
      [20, 3],
    ]);
    expect(ring[findRow(ring, 1, 10, 1) + 1]).toBe(1);
    expect(ring[findRow(ring, 1, 20) + 1]).toBe(3);
    expect(findRow(ring, 1, 20, 1)).toBe(-1);
    expect(findRow(ring, 1, 15)).toBe(-1);
    expect(findRow(newRing(), 1, 15)).toBe(-1);
  });

  it('has a capacity that is a power of two and fits into an entry', () => {
    expect([1, 4, 5, 60, 64, 65, 256, 10_000].map(ringCapacity)).toEqual([4, 4, 8, 64, 64, 128, 256, maxRingRows]);
    expect(rowCount(filled([[1], [2]]), 0)).toBe(2);
  });
});
