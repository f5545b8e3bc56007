import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { History, keyLimit, storeNumber } from './history.ts';
import { packedNumbers, unpackedNumbers } from './packed-numbers.ts';
import { findRow, insertRow, removeRow } from './ring.ts';
import { PlainHistory } from './test/plain-history.ts';

const wide = { rows: 1000, span: Number.POSITIVE_INFINITY };

const insert = (history: History, store: number, key: number, at: number, columns: readonly number[] = []): void => {
  insertRow(history.rings, history.useRing(store, key, 3), at, columns, wide);
};

const small = (max: number) => fc.integer({ min: 0, max });
const act = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'insert', 'insert', 'remove', 'store', 'pack'),
  store: small(2),
  key: fc.oneof(small(2), small(6)),
  row: fc.record({ at: fc.oneof(small(8), small(60)).map((at) => 1_000 + at), column: small(2) }),
});
const bounds = fc.record({
  keys: fc.integer({ min: 1, max: 4 }),
  limits: fc.record({ rows: fc.integer({ min: 1, max: 6 }), span: fc.constantFrom(5, 30, Number.POSITIVE_INFINITY) }),
});

describe('a history', () => {
  it('keeps sixteen keys of a store, and fewer when rings are large', () => {
    expect([4, 64, 128, 256].map(keyLimit)).toEqual([16, 16, 8, 4]);
  });

  it('lets the key go that was used longest ago, of its own store', () => {
    const history = new History();
    history.useRing(8, 1, 3);
    for (const key of [1, 2, 3, 1, 4]) insert(history, 7, key, 100 + key);
    // Store, key, length, newest, lost, gaps: of each ring in turn.
    expect(history.rings).toEqual(
      [
        [8, 1, 2, 0, 0],
        [7, 3, 3, 103, 0, 0],
        [7, 1, 4, 101, 0, 0, 0],
        [7, 4, 3, 104, 0, 0],
      ].flat(),
    );
    expect(history.ring(7, 2)).toBe(-1);
    expect(history.ring(7, 1)).toBe(11);
    expect(history.ringsOf(7)).toEqual([5, 11, 18]);
  });

  it('always remembers what lists would, in the same order, wherever it was stored and read in between', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), bounds, (acts, { keys, limits }) => {
        let history = new History();
        const plain = new PlainHistory();
        for (const { kind, store, key, row } of acts) {
          if (kind === 'store') history = new History(history.pack());
          else if (kind === 'pack') history.pack();
          else if (kind === 'insert') {
            const ring = history.useRing(store, key, keys);
            expect(insertRow(history.rings, ring, row.at, [row.column], limits)).toBe(
              plain.insert(store, key, row, keys, limits),
            );
            expect(history.ring(store, key)).toBe(ring);
          } else {
            const ring = history.ring(store, key);
            const isThere = ring >= 0 && findRow(history.rings, ring, 1, row.at, row.column) >= 0;
            expect(plain.remove(store, key, row)).toBe(isThere);
            if (ring >= 0) expect(removeRow(history.rings, ring, 1, row.at, row.column)).toBe(isThere);
          }
          expect(history.rings).toEqual(plain.numbers);
          expect(history.ringsOf(store)).toHaveLength(plain.ringsOf(store).length);
        }
        expect(unpackedNumbers(history.pack() ?? '')).toEqual(plain.numbers);
      }),
      { numRuns: 300 },
    );
  });

  it('lets more than one key go where a limit became smaller', () => {
    const history = new History();
    for (const key of [1, 2, 3]) insert(history, 7, key, key);
    insert(history, 8, 1, 1);
    history.useRing(7, 2, 1);
    expect(history.ringsOf(7)).toEqual([history.ring(7, 2)]);
    expect(history.ringsOf(8)).toHaveLength(1);
  });

  it('is stored as the numbers of its rings, and keeps its sets', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.array(fc.oneof(fc.string(), fc.nat()))), (sets) => {
        const history = new History();
        expect(history.pack()).toBeUndefined();
        Object.assign(history.sets, sets);
        insert(history, 7, 1, 2 ** 42, [-9_000_000]);
        const rings = history.pack()!;
        expect(rings).toEqual(packedNumbers([7, 1, 4, 2 ** 42, 0, 0, -9_000_000]));
        const read = new History(rings, history.storedSets());
        expect([read.rings, read.sets]).toEqual([history.rings, history.sets]);
      }),
    );
  });

  it('reads what was kept by the names of the stores', () => {
    const history = History.fromNames({
      'debits/card/times': {
        keys: [5, 6],
        rings: [
          [1000, 0, 0, 10],
          [2000, 900],
        ],
      },
      'debits/seen country': ['BG', 1000],
    });
    const store = storeNumber('debits/card/times');
    expect(history.rings).toEqual([store, 5, 4, 1000, 0, 0, 10, store, 6, 2, 2000, 900]);
    expect(history.sets).toEqual({ 'debits/seen country': ['BG', 1000] });
  });
});
