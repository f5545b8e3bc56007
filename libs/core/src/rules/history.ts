import { packedNumbers, unpackedNumbers } from './packed-numbers.ts';
import { addRing, endOf } from './ring.ts';
import type { Rings } from './ring.ts';
import { hash32 } from './hash.ts';

/** An exact small set has room for 16. */
export const maxKeys = 16;
/** Rows of all rings of one store together, so that the entry of an account stays far below 64 KiB. */
const maxRows = 1024;

/** So many numbers of rings are some 12 KB of an account's entry. */
const fewNumbers = 3_000;

export const keyLimit = (rowsEach: number): number => Math.max(1, Math.min(maxKeys, Math.floor(maxRows / rowsEach)));

/** In the order of use, the newest last: value, first seen, value, first seen … */
export type SeenValues = (string | number)[];

/** As 0.1.0 wrote it: by the name of the store, rings by their keys or a set. */
export type HistoryByName = Readonly<
  Record<string, SeenValues | { readonly keys: number[]; readonly rings: number[][] }>
>;

/** By which the rings of a store are known: the hash of its name. */
export const storeNumber = (id: string): number => hash32(id);

/**
 * What all features remember of one account: rings of rows, each of a store and one of its keys (a card, a device), and sets
 * of values. Keys are hashes of 32 bit: among at most 16 of them, two of one account agree once in some hundred million
 * accounts. The rings are one array of numbers while something is done with them, and one text where they are stored,
 * because they are read and written with nearly every transaction. What was stored lies here as that text until it is next
 * looked at: a fifth of the memory, and most accounts wait longer than they work.
 */
export class History {
  #rings: Rings | undefined;
  /** Of the rings, while they are not laid out. */
  #packed: string;
  readonly sets: Record<string, SeenValues>;

  /** From what `pack` and `storedSets` gave. */
  constructor(packed?: string | null, sets?: Record<string, SeenValues> | null) {
    this.#packed = packed ?? '';
    this.sets = sets ?? {};
  }

  /** See ring.ts. The rings of each store in the order of use, the newest last. Not to be kept: `pack` gives them up. */
  get rings(): Rings {
    return (this.#rings ??= unpackedNumbers(this.#packed));
  }

  static fromNames(named: HistoryByName): History {
    const history = new History();
    for (const [id, content] of Object.entries(named)) {
      if (Array.isArray(content)) history.sets[id] = content;
      else {
        content.keys.forEach((key, i) => {
          const ring = content.rings[i]!;
          history.rings.push(storeNumber(id), key, ring.length, ...ring);
        });
      }
    }
    return history;
  }

  /** The place of this key's ring; -1 when there is none. */
  ring(store: number, key: number): number {
    const { rings } = this;
    for (let at = 0; at < rings.length; at = endOf(rings, at)) {
      if (rings[at] === store && rings[at + 1] === key) return at;
    }
    return -1;
  }

  /** The places of all rings of a store. */
  ringsOf(store: number): readonly number[] {
    const { rings } = this;
    const places: number[] = [];
    for (let at = 0; at < rings.length; at = endOf(rings, at)) if (rings[at] === store) places.push(at);
    return places;
  }

  /**
   * The place of this key's ring, which is made where missing, and from now on the one used last; at most `limit` of the store
   * are kept. Places found before are no longer right.
   */
  useRing(store: number, key: number, limit: number): number {
    const { rings } = this;
    let own = -1;
    let last = -1;
    let others = 0;
    for (let at = 0; at < rings.length; at = endOf(rings, at)) {
      if (rings[at] !== store) continue;
      last = at;
      if (rings[at + 1] === key) own = at;
      else others++;
    }
    if (own >= 0 && own === last) return own;
    const taken = own < 0 ? undefined : rings.splice(own, endOf(rings, own) - own);
    for (let at = 0; others >= limit;) {
      if (rings[at] === store) {
        rings.splice(at, endOf(rings, at) - at);
        others--;
      } else at = endOf(rings, at);
    }
    if (taken === undefined) return addRing(rings, store, key);
    rings.push(...taken);
    return rings.length - taken.length;
  }

  /**
   * Once there are many rows, forgets those of stores that no feature of the rule set in force reads: each rule set with other
   * windows would else leave its own, until the account's entry could not be stored. While there are few, they wait for a
   * rule set that may come back.
   */
  forgetAllBut(stores: ReadonlySet<number>): void {
    const { rings } = this;
    if (rings.length <= fewNumbers) return;
    for (let at = 0; at < rings.length;) {
      const end = endOf(rings, at);
      if (stores.has(rings[at]!)) at = end;
      else rings.splice(at, end - at);
    }
  }

  /** The rings, as they are stored: for each of them its store, its key, how many numbers, the numbers. */
  pack(): string | undefined {
    if (this.#rings !== undefined) {
      this.#packed = packedNumbers(this.#rings);
      this.#rings = undefined;
    }
    return this.#packed === '' ? undefined : this.#packed;
  }

  /** The sets, as they are stored. */
  storedSets(): Record<string, SeenValues> | undefined {
    for (const _ in this.sets) return this.sets;
    return undefined;
  }
}
