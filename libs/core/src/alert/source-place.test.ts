import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextOffsetBase, sourcePlace } from './source-place.ts';

it('never runs backwards, however often the log begins anew', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 }), (lengths) => {
      let base = 0;
      let before = -1;
      for (const length of lengths) {
        const entries = { get: <T>() => base as T };
        for (const offset of [0, length]) {
          const place = sourcePlace(entries, offset);
          expect(place).toBeGreaterThanOrEqual(before);
          before = place;
        }
        // Read to its end, then created anew.
        base = nextOffsetBase(base, length + 1, 0);
        expect(base).toBeGreaterThan(before);
      }
    }),
  );
});

it('stays where records were removed unread: that is the same log', () => {
  expect(nextOffsetBase(7, 100, 150)).toBe(7);
});
