import type { Instant, Timer, Timers } from '@tocsin/core';
import { EngineError } from './engine-error.ts';
import { decodeEntry, encodeEntry } from './entry-codec.ts';

export const timerPrefix = '!t:';

type StoredTimer = Omit<Timer, 'key'>;

const before = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.key < b.key);

/**
 * The timers of one partition in (due, key) order, kept as resident entries `!t:<key>`. A binary heap; a timer that was
 * moved or cancelled stays in it until it comes up, and is recognised by not being the one that its key names.
 */
export class TimerQueue implements Timers {
  readonly #byKey = new Map<string, Timer>();
  readonly #dirty = new Set<string>();
  #heap: Timer[] = [];
  readonly #accepts: boolean;

  /** `accepts` is false for a stage without `onTimer`. */
  constructor(accepts: boolean) {
    this.#accepts = accepts;
  }

  get dirtyCount(): number {
    return this.#dirty.size;
  }

  load(entryKey: string, bytes: Uint8Array): void {
    const key = entryKey.slice(timerPrefix.length);
    const stored = decodeEntry<StoredTimer>(bytes);
    if (stored !== undefined) this.#insert({ key, ...stored });
  }

  set({ key, due, keys, data }: Timer): void {
    if (!Number.isFinite(due)) throw new EngineError('TIMER_INVALID', 'A timer needs a finite due time.');
    if (!this.#accepts) throw new EngineError('TIMER_INVALID', 'A stage without onTimer cannot set a timer.');
    this.#insert({ key, due, keys: [...keys], ...(data === undefined ? {} : { data }) });
    this.#dirty.add(key);
  }

  cancel(key: string): void {
    if (this.#byKey.delete(key)) this.#dirty.add(key);
  }

  /** The next timer, undefined where there is none. */
  peek(): Timer | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#byKey.get(top.key) === top) return top;
      this.#removeTop();
    }
    return undefined;
  }

  /** Removes the next timer, because it fires now. */
  take(): void {
    const top = this.peek();
    if (top === undefined) return;
    this.#removeTop();
    this.cancel(top.key);
  }

  /** Up to `max` timers that are due by `at`, in no particular order: for reading ahead. */
  dueBy(at: Instant, max: number): readonly Timer[] {
    const found: Timer[] = [];
    const walk = (i: number): void => {
      const timer = this.#heap[i];
      if (timer === undefined || timer.due > at || found.length >= max) return;
      if (this.#byKey.get(timer.key) === timer) found.push(timer);
      walk(2 * i + 1);
      walk(2 * i + 2);
    };
    walk(0);
    return found;
  }

  drainInto(entries: Map<string, Uint8Array | null>): void {
    for (const key of this.#dirty) {
      const timer = this.#byKey.get(key);
      if (timer === undefined) entries.set(timerPrefix + key, null);
      else {
        const { due, keys, data } = timer;
        const stored: StoredTimer = { due, keys, ...(data === undefined ? {} : { data }) };
        entries.set(timerPrefix + key, encodeEntry(stored));
      }
    }
    this.#dirty.clear();
  }

  #insert(timer: Timer): void {
    this.#byKey.set(timer.key, timer);
    if (this.#heap.length > 2 * this.#byKey.size + 64) {
      // Timers that are moved often must not fill the heap with their former places. A sorted array is a heap.
      this.#heap = [...this.#byKey.values()].sort((a, b) => (before(a, b) ? -1 : 1));
      return;
    }
    const heap = this.#heap;
    let i = heap.length;
    heap.push(timer);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = timer;
  }

  #removeTop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}
