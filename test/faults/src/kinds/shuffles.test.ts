import { describe, expect, it } from '@jest/globals';
import { seeded } from '@tocsin/test-e2e';
import { kinds } from './index.ts';
import { shuffles } from './shuffles.ts';

const drawn = (names: readonly string[] | undefined, faults: number, seed: number) =>
  shuffles(kinds, names, faults, seeded(seed)).map((one) => one.map(({ name }) => name));
const count = (names: readonly string[], name: string): number => names.filter((one) => one === name).length;

describe('the faults of a campaign', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(drawn(undefined, 40, 7)).toEqual(drawn(undefined, 40, 7));
    expect(drawn(undefined, 40, 7)).not.toEqual(drawn(undefined, 40, 8));
  });

  it('are so many, of every kind that need not be named, by its share', () => {
    const [first, ...rest] = drawn(undefined, 100, 3);
    expect([first, ...rest].flat()).toHaveLength(100);
    for (const { name, byName, share = 1 } of kinds) expect(count(first!, name)).toBe(byName === true ? 0 : share);
  });

  it('are of the kinds that were named, as often as they were named in each shuffle', () => {
    const names = ['kill', 'scale', 'kill', 'alert-away'];
    for (const one of drawn(names, 12, 5)) {
      expect(one.toSorted()).toEqual(names.toSorted());
      expect([one[0], one.at(-1)]).toEqual(['alert-away', 'scale']);
    }
    expect(() => drawn(['flood'], 1, 1)).toThrow('no such kind');
  });
});
