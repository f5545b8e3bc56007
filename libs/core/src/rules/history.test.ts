import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { History, keyLimit, storeNumber } from './history.ts';
import { insertRow } from './ring.ts';

const wide = { rows: 1000, span: Number.POSITIVE_INFINITY };

describe('a history', () => {
  it('keeps sixteen keys of a store, and fewer when rings are large', () => {
    expect([4, 64, 128, 256].map(keyLimit)).toEqual([16, 16, 8, 4]);
  });

  it('lets the key go that was used longest ago, of its own store', () => {
    const history = new History();
    history.useRing(8, 1, 3);
    for (const key of [1, 2, 3, 1, 4]) insertRow(history.useRing(7, key, 3), key, [], wide);
    expect(history.stores).toEqual([8, 7, 7, 7]);
    expect(history.keys).toEqual([1, 3, 1, 4]);
    expect(history.ring(7, 2)).toBeUndefined();
    expect(history.ring(7, 1)).toEqual([1, 0, 0, 0]);
    expect(history.ringsOf(7)).toHaveLength(3);
  });

  it('always keeps of each store the keys that were used last, as lists would', () => {
    const use = fc.record({ store: fc.integer({ min: 1, max: 3 }), key: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (uses, limit) => {
        const history = new History();
        const lists = new Map<number, number[]>();
        for (const { store, key } of uses) {
          history.useRing(store, key, limit);
          const others = (lists.get(store) ?? []).filter((one) => one !== key);
          lists.set(store, [...others, key].slice(-limit));
        }
        for (const [store, keys] of lists) {
          expect(history.keys.filter((_, i) => history.stores[i] === store)).toEqual(keys);
        }
      }),
    );
  });

  it('is the same after it was stored and read', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 2 ** 42 }), fc.integer({ min: -9_000_000, max: 9_000_000 }));
    const ring = fc.record({
      store: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      key: fc.integer({ min: 0, max: 3 }),
      rows: fc.array(row, { maxLength: 6 }),
    });
    fc.assert(
      fc.property(
        fc.array(ring, { maxLength: 8 }),
        fc.dictionary(fc.string(), fc.array(fc.oneof(fc.string(), fc.nat()))),
        (rings, sets) => {
          const history = new History();
          Object.assign(history.sets, sets);
          for (const { store, key, rows } of rings) {
            for (const [at, column] of rows) insertRow(history.useRing(store, key, 16), at, [column], wide);
          }
          expect(History.from(history.packed() ?? null, history.storedSets() ?? null)).toEqual(history);
        },
      ),
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
    expect(history.ring(storeNumber('debits/card/times'), 5)).toEqual([1000, 0, 0, 10]);
    expect(history.ring(storeNumber('debits/card/times'), 6)).toEqual([2000, 900]);
    expect(history.sets).toEqual({ 'debits/seen country': ['BG', 1000] });
  });
});
