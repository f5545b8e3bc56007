import type { Ring } from './ring.ts';
import { newRing } from './ring.ts';

/*
 * One ring for each card, device or other key of an account, the ones used least recently going first. Keys are hashes
 * of 32 bit: among at most 16 of them, two of one account agree once in some hundred million accounts.
 */
export interface RingsByKey {
  /** In the order of use, the newest last. */
  readonly keys: number[];
  readonly rings: Ring[];
}

/** An exact small set has room for 16. */
export const maxKeys = 16;
/** Rows of all rings of one store together, so that the entry of an account stays far below 64 KiB. */
const maxRows = 1024;

export const keyLimit = (rowsEach: number): number => Math.max(1, Math.min(maxKeys, Math.floor(maxRows / rowsEach)));

export const noRings = (): RingsByKey => ({ keys: [], rings: [] });

export function ringOf(rings: RingsByKey | undefined, key: number): Ring | undefined {
  if (rings === undefined) return undefined;
  const { keys } = rings;
  for (let i = keys.length - 1; i >= 0; i--) if (keys[i] === key) return rings.rings[i];
  return undefined;
}

/** The ring of this key, made where missing, and from now on the one used last. */
export function useRing(rings: RingsByKey, key: number, limit: number): Ring {
  const { keys, rings: all } = rings;
  const last = keys.length - 1;
  if (last >= 0 && keys[last] === key) return all[last]!;
  const found = keys.indexOf(key);
  const ring = found < 0 ? newRing() : all[found]!;
  if (found >= 0) {
    keys.splice(found, 1);
    all.splice(found, 1);
  }
  keys.push(key);
  all.push(ring);
  while (keys.length > limit) {
    keys.shift();
    all.shift();
  }
  return ring;
}
