import { numbersFrom, numbersInto } from './packed-numbers.ts';
import { newRing } from './ring.ts';
import type { Ring } from './ring.ts';
import { hash32 } from './hash.ts';

/** An exact small set has room for 16. */
export const maxKeys = 16;
/** Rows of all rings of one store together, so that the entry of an account stays far below 64 KiB. */
const maxRows = 1024;

export const keyLimit = (rowsEach: number): number => Math.max(1, Math.min(maxKeys, Math.floor(maxRows / rowsEach)));

/** In the order of use, the newest last: value, first seen, value, first seen … */
export type SeenValues = (string | number)[];

/** As 0.1.0 wrote it: by the name of the store, rings by their keys or a set. */
export type HistoryByName = Readonly<Record<string, SeenValues | { readonly keys: number[]; readonly rings: Ring[] }>>;

/** By which the rings of a store are known: the hash of its name. */
export const storeNumber = (id: string): number => hash32(id);

/**
 * What all features remember of one account: rings of rows, each of a store and one of its keys (a card, a device), and sets
 * of values. Keys are hashes of 32 bit: among at most 16 of them, two of one account agree once in some hundred million
 * accounts. It is a few arrays of numbers here, and one piece of bytes where it is stored, because it is read and written with
 * nearly every transaction.
 */
export class History {
  /** Store, key and ring at the same index; of each store in the order of use, the newest last. */
  readonly stores: number[] = [];
  readonly keys: number[] = [];
  readonly rings: Ring[] = [];
  readonly sets: Record<string, SeenValues> = {};

  /** From what `packed` and `storedSets` gave. */
  static from(rings: Uint8Array | null, sets: Record<string, SeenValues> | null): History {
    const history = new History();
    if (sets !== null) Object.assign(history.sets, sets);
    if (rings === null) return history;
    const numbers = numbersFrom(rings);
    for (let i = 0; i < numbers.length;) {
      const end = i + 3 + numbers[i + 2]!;
      history.#add(numbers[i]!, numbers[i + 1]!, numbers.slice(i + 3, end));
      i = end;
    }
    return history;
  }

  static fromNames(named: HistoryByName): History {
    const history = new History();
    for (const [id, content] of Object.entries(named)) {
      if (Array.isArray(content)) history.sets[id] = content;
      else content.keys.forEach((key, i) => history.#add(storeNumber(id), key, content.rings[i]!));
    }
    return history;
  }

  #add(store: number, key: number, ring: Ring): void {
    this.stores.push(store);
    this.keys.push(key);
    this.rings.push(ring);
  }

  ring(store: number, key: number): Ring | undefined {
    const { stores, keys } = this;
    for (let i = stores.length - 1; i >= 0; i--) if (stores[i] === store && keys[i] === key) return this.rings[i];
    return undefined;
  }

  /** All rings of a store. */
  ringsOf(store: number): readonly Ring[] {
    return this.rings.filter((_, i) => this.stores[i] === store);
  }

  /** The ring of this key, made where missing, and from now on the one used last; at most `limit` of the store are kept. */
  useRing(store: number, key: number, limit: number): Ring {
    const last = this.stores.lastIndexOf(store);
    if (last >= 0 && this.keys[last] === key) return this.rings[last]!;
    let ring: Ring | undefined;
    let others = 0;
    for (let i = last; i >= 0; i--) {
      if (this.stores[i] !== store) continue;
      if (this.keys[i] === key) ring = this.rings[i];
      else if (++others < limit) continue;
      this.#remove(i);
    }
    ring ??= newRing();
    this.#add(store, key, ring);
    return ring;
  }

  #remove(index: number): void {
    this.stores.splice(index, 1);
    this.keys.splice(index, 1);
    this.rings.splice(index, 1);
  }

  /** The rings, as they are stored: for each of them its store, its key, how many numbers, the numbers. */
  packed(): Uint8Array | undefined {
    const { stores, keys, rings } = this;
    if (stores.length === 0) return undefined;
    const numbers: number[] = [];
    for (let i = 0; i < stores.length; i++) {
      const ring = rings[i]!;
      numbers.push(stores[i]!, keys[i]!, ring.length);
      for (let n = 0; n < ring.length; n++) numbers.push(ring[n]!);
    }
    return numbersInto(numbers);
  }

  /** The sets, as they are stored. */
  storedSets(): Record<string, SeenValues> | undefined {
    for (const _ in this.sets) return this.sets;
    return undefined;
  }
}
