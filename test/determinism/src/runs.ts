import type { Parameters } from 'fast-check';

const { TOCSIN_PROPERTY_RUNS: runs, TOCSIN_PROPERTY_SEED: seed } = process.env;

/** Hours, where many runs were asked for. */
export const patienceMs = runs === undefined ? 240_000 : 24 * 3_600_000;

/**
 * How often a property is tried. For burning in, TOCSIN_PROPERTY_RUNS says how often, and TOCSIN_PROPERTY_SEED with which
 * seed; a failure prints both the seed and the life that broke it, and TOCSIN_PROPERTY_SEED brings it back and shortens
 * it, which may take a while.
 */
export const tried = <T>(numRuns: number): Parameters<T> => ({
  numRuns: runs === undefined ? numRuns : Number(runs),
  endOnFailure: seed === undefined,
  seed: seed === undefined ? (runs === undefined ? 1 : Date.now() & 0x7fffffff) : Number(seed),
});

/** Whether enough happened for a property to have shown anything; for the usual number of runs. */
export const usualRuns = runs === undefined;
