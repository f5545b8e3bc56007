import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addRing,
  countRows,
  endOf,
  findRow,
  findRows,
  insertRow,
  isSaturated,
  maxRingRows,
  removeRow,
  ringCapacity,
  rowCount,
} from './ring.ts';
import type { Rings } from './ring.ts';

const wide = { rows: 1000, span: Number.POSITIVE_INFINITY };
const before = [1, 1, 4, 500, 0, 0, 7];
const behind = [3, 1, 4, 600, 0, 0, 8];
/** The ring that is looked at; another lies before it and one behind it, and neither may ever change. */
const ring = before.length;

function filled(rows: readonly (readonly number[])[], limits = wide): Rings {
  const rings = [...before];
  addRing(rings, 2, 1);
  rings.push(...behind);
  for (const [at, ...columns] of rows) insertRow(rings, ring, at!, columns, limits);
  return rings;
}

function rowsOf(rings: Rings, width: number): readonly (readonly number[])[] {
  expect(rings.slice(0, ring)).toEqual(before);
  expect(rings.slice(endOf(rings, ring))).toEqual(behind);
  const starts: number[] = [];
  const times: number[] = [];
  findRows(rings, ring, width, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, starts, times);
  return times.map((at, i) => [at, ...rings.slice(starts[i]! + 1, starts[i]! + 1 + width)]).reverse();
}

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
        const rings = filled(times.map((at) => [at]));
        expect(countRows(rings, ring, 0, after, until)).toBe(times.filter((at) => at > after && at <= until).length);
      }),
    );
  });

  it('never holds more rows than it may, keeps the newest, and knows what it lost', () => {
    fc.assert(
      fc.property(fc.array(time, { maxLength: 40 }), fc.integer({ min: 1, max: 8 }), (times, rows) => {
        const rings = filled(
          times.map((at) => [at]),
          { rows, span: Number.POSITIVE_INFINITY },
        );
        const sorted = times.toSorted((a, b) => a - b);
        expect(rowsOf(rings, 0).flat()).toEqual(sorted.slice(-rows));
        const lost = sorted.slice(0, -rows).at(-1);
        for (const after of [0, 20, 40])
          expect(isSaturated(rings, ring, after)).toBe(lost !== undefined && lost > after);
      }),
    );
  });

  it('drops what is older than its span', () => {
    const rings = filled([[100], [150], [200]], { rows: 8, span: 60 });
    expect(rowsOf(rings, 0)).toEqual([[150], [200]]);
    expect(insertRow(rings, ring, 140, [], { rows: 8, span: 60 })).toBe(false);
    expect(insertRow(rings, ring, 141, [], { rows: 8, span: 60 })).toBe(true);
    expect(isSaturated(rings, ring, 139)).toBe(true);
    expect(isSaturated(rings, ring, 140)).toBe(false);
  });

  it('is what it would be without a row that was taken out again', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), row, (rows, [at, column]) => {
        const rings = filled(rows);
        insertRow(rings, ring, at, [column], wide);
        expect(removeRow(rings, ring, 1, at, column)).toBe(true);
        expect(rowsOf(rings, 1).map(String).sort()).toEqual(rows.map(String).sort());
        const unchanged = [...rings];
        expect(removeRow(rings, ring, 1, 61)).toBe(false);
        expect(rings).toEqual(unchanged);
      }),
    );
  });

  it('finds a row by time and column', () => {
    const rings = filled([
      [10, 1],
      [10, 2],
      [20, 3],
    ]);
    expect(rings[findRow(rings, ring, 1, 10, 1) + 1]).toBe(1);
    expect(rings[findRow(rings, ring, 1, 20) + 1]).toBe(3);
    expect(findRow(rings, ring, 1, 20, 1)).toBe(-1);
    expect(findRow(rings, ring, 1, 15)).toBe(-1);
    expect(findRow(filled([]), ring, 1, 15)).toBe(-1);
  });

  it('has a capacity that is a power of two and fits into an entry', () => {
    expect([1, 4, 5, 60, 64, 65, 256, 10_000].map(ringCapacity)).toEqual([4, 4, 8, 64, 64, 128, 256, maxRingRows]);
    expect(rowCount(filled([[1], [2]]), ring, 0)).toBe(2);
  });
});
