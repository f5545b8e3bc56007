import type { Entries, Instant } from '@tocsin/core';
import { EngineError } from './engine-error.ts';
import { decodeEntry, encodeEntry, entryExpiry } from './entry-codec.ts';
import { SortedKeys } from './sorted-keys.ts';
import { recoveryKey } from './recovery-mark.ts';
import { timerPrefix } from './timer-queue.ts';
import { watermarkPrefix } from './watermarks.ts';

interface Cell {
  readonly key: string;
  /** Undefined: known to be absent. */
  value: unknown;
  expiresAt: Instant;
  /** Bytes when last encoded; a guess before that. */
  size: number;
  dirty: boolean;
  /** The step that declared it last; only that one may use it. */
  step: number;
  /** The slice that used it last. */
  slice: number;
  /** The slice in which it came, or the use for which it was spared when others were evicted. */
  keptSlice: number;
}

const guessedSize = 256;
const exclamationMark = 33;

export const isResident = (key: string): boolean => key.charCodeAt(0) === exclamationMark;

/** Entries that no stage sees. */
const isEngines = (key: string): boolean =>
  key.startsWith(watermarkPrefix) || key.startsWith(timerPrefix) || key.startsWith(recoveryKey);

/**
 * The decoded entries of one partition: all resident ones, and those cold ones that were used last. A step may use only
 * the cold entries that it declared, also where others happen to be in memory: else its result would depend on the cache.
 */
export class EntryTable implements Entries {
  readonly #resident = new Map<string, Cell>();
  readonly #residentKeys = new SortedKeys();
  /** By prefix: what was written since somebody beside the fold asked. */
  readonly #touched = new Map<string, Set<string>>();
  /** In the order of arrival; what was used since then gets a second chance when some must go. */
  readonly #cold = new Map<string, Cell>();
  #dirty: Cell[] = [];
  #step = 0;
  #slice = 0;
  /** The stage clock: an entry whose expiry it has reached is absent. */
  clockAt: Instant = 0;
  dirtyBytes = 0;
  /** Set while something runs that may only look. */
  readOnly = false;
  /** Set while somebody guesses what will be needed: then whatever is in memory may be looked at. */
  guessing = false;

  get dirtyCount(): number {
    return this.#dirty.length;
  }

  get coldCount(): number {
    return this.#cold.size;
  }

  loadResident(key: string, bytes: Uint8Array): void {
    this.#resident.set(key, this.#decoded(key, bytes));
    this.#residentKeys.addUnsorted(key);
  }

  loadCold(key: string, bytes: Uint8Array | null): void {
    if (!this.#cold.has(key)) this.#cold.set(key, this.#decoded(key, bytes));
  }

  #decoded(key: string, bytes: Uint8Array | null): Cell {
    const none = bytes === null;
    return {
      key,
      value: none ? undefined : decodeEntry(bytes),
      expiresAt: none ? 0 : entryExpiry(bytes),
      size: none ? guessedSize : bytes.length,
      dirty: false,
      step: 0,
      slice: this.#slice,
      keptSlice: this.#slice,
    };
  }

  holds(key: string): boolean {
    return isResident(key) || this.#cold.has(key);
  }

  /** Begins a step: from now on only what is admitted may be used. */
  nextStep(): void {
    this.#step++;
  }

  /** Lets the step use these entries; false, with those to be read named in `missing`, where some are not in memory. */
  admit(keys: readonly string[], missing: string[]): boolean {
    const before = missing.length;
    for (const key of keys) {
      if (isResident(key)) continue;
      const cell = this.#cold.get(key);
      if (cell === undefined) {
        missing.push(key);
        continue;
      }
      cell.step = this.#step;
      cell.slice = this.#slice;
    }
    return missing.length === before;
  }

  #usable(key: string): Cell | undefined {
    if (isResident(key)) return this.#resident.get(key);
    const cell = this.#cold.get(key);
    if (cell === undefined || (cell.step !== this.#step && !this.guessing)) {
      throw new EngineError('KEY_NOT_DECLARED', 'A step used an entry that it had not declared.');
    }
    return cell;
  }

  #valueOf<T>(cell: Cell | undefined): T | undefined {
    if (cell === undefined || (cell.expiresAt !== 0 && cell.expiresAt <= this.clockAt)) return undefined;
    return cell.value as T | undefined;
  }

  get<T>(key: string): T | undefined {
    return this.#valueOf<T>(this.#usable(key));
  }

  /** What is in memory, for readers beside the fold; `unknown` where it is not. */
  glance<T>(key: string): { readonly value: T | undefined } | 'unknown' {
    if (isResident(key)) return { value: this.#valueOf<T>(this.#resident.get(key)) };
    const cell = this.#cold.get(key);
    return cell === undefined ? 'unknown' : { value: this.#valueOf<T>(cell) };
  }

  put(key: string, value: unknown, expiresAt: Instant = 0): void {
    this.#write(key, value, expiresAt);
  }

  delete(key: string): void {
    this.#write(key, undefined, 0);
  }

  #write(key: string, value: unknown, expiresAt: Instant): void {
    if (this.readOnly || isEngines(key)) {
      throw new EngineError('ENTRY_NOT_WRITABLE', 'A step wrote an entry that is not for it to write.');
    }
    let cell = this.#usable(key);
    if (cell === undefined) {
      if (value === undefined) return;
      cell = this.#decoded(key, null);
      this.#resident.set(key, cell);
    }
    if (isResident(key)) {
      if (value === undefined) this.#residentKeys.remove(key);
      else if (cell.value === undefined) this.#residentKeys.add(key);
      for (const [prefix, keys] of this.#touched) if (key.startsWith(prefix)) keys.add(key);
    }
    cell.value = value;
    cell.expiresAt = value === undefined ? 0 : expiresAt;
    if (!cell.dirty) {
      cell.dirty = true;
      this.#dirty.push(cell);
      this.dirtyBytes += cell.size;
    }
  }

  *resident<T>(prefix: string): Iterable<readonly [key: string, value: T]> {
    if (isEngines(prefix)) return;
    // The keys are copied first: whoever iterates may delete what it is given.
    for (const key of this.#residentKeys.range(prefix)) {
      const value = this.#valueOf<T>(this.#resident.get(key));
      if (value !== undefined) yield [key, value];
    }
  }

  /** Keys of a prefix that were written since the last call for it; at the first call all. Expiry is no writing. */
  touched(prefix: string): Iterable<string> {
    const touched = this.#touched.get(prefix) ?? this.#residentKeys.range(prefix);
    this.#touched.set(prefix, new Set());
    return touched;
  }

  /** Hands over what changed since the last time, encoded; from then on it counts as saved. */
  drainInto(entries: Map<string, Uint8Array | null>): void {
    for (const cell of this.#dirty) {
      cell.dirty = false;
      if (cell.value === undefined) {
        entries.set(cell.key, null);
        if (isResident(cell.key)) this.#resident.delete(cell.key);
        continue;
      }
      const bytes = encodeEntry(cell.value, cell.expiresAt);
      cell.size = bytes.length;
      entries.set(cell.key, bytes);
    }
    this.#dirty = [];
    this.dirtyBytes = 0;
  }

  /**
   * Ends a slice: clean entries go until at most `limit` remain, those first that were not used since they came or were
   * last spared. Those not yet saved stay.
   */
  evict(limit: number): void {
    this.#slice++;
    if (this.#cold.size <= limit) return;
    for (const [key, cell] of this.#cold) {
      if (cell.dirty) continue;
      this.#cold.delete(key);
      if (cell.slice > cell.keptSlice) {
        cell.keptSlice = cell.slice;
        this.#cold.set(key, cell);
      }
      if (this.#cold.size <= limit) return;
    }
  }

  /** Forgets resident entries that expired and are saved; the store has swept or will sweep them too. */
  forgetExpired(): void {
    for (const [key, cell] of this.#resident) {
      if (cell.dirty || cell.expiresAt === 0 || cell.expiresAt > this.clockAt) continue;
      this.#resident.delete(key);
      this.#residentKeys.remove(key);
    }
  }
}
