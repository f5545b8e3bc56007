/** Everything that is drawn for one file, from one seed: the same seed gives the same file. */
export interface Random {
  /** 0 (included) to 1 (excluded). */
  next(): number;
  /** An integer, both ends included. */
  between(low: number, high: number): number;
  pick<T>(values: readonly T[]): T;
  chance(share: number): boolean;
}

/** Marsaglia's xorshift32. */
export function seeded(seed: number): Random {
  let state = seed | 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    pick: (values) => values[between(0, values.length - 1)]!,
    chance: (share) => next() < share,
  };
}
