/**
 * Noisy-OR over families: 1 - Π(1 - s), s being the strongest score of a family. Rules of one family see the same thing,
 * so they do not add up. Rounded to six decimals, so that a threshold is not missed by an error of the last bit.
 */
export function combinedScore(fired: readonly { readonly family: string; readonly score: number }[]): number {
  const strongest = new Map<string, number>();
  for (const { family, score } of fired) {
    if (score > (strongest.get(family) ?? 0)) strongest.set(family, score);
  }
  let doubt = 1;
  for (const score of strongest.values()) doubt *= 1 - score;
  return Math.round((1 - doubt) * 1e6) / 1e6;
}
