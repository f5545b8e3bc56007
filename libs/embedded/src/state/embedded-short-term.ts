import type { Instant, ShortTermStore, Span } from '@tocsin/core';
import type { Store } from '../store.ts';
import type { TextTable } from '../text-table.ts';
import { textKey } from './text-key.ts';

interface Kept {
  readonly value: string;
  readonly expiresAt: Instant;
}

/** Idempotency keys, single-use links and codes, on the local file. */
export class EmbeddedShortTerm implements ShortTermStore {
  readonly #store: Store;
  readonly #kept: TextTable<Kept>;
  readonly #now: () => Instant;

  constructor(store: Store, now: () => Instant) {
    this.#store = store;
    this.#kept = store.texts('short-term');
    this.#now = now;
  }

  #alive(id: string): string | null {
    const kept = this.#kept.get(id);
    return kept !== undefined && kept.expiresAt > this.#now() ? kept.value : null;
  }

  putNew(key: string, value: string, ttlMs: Span): Promise<string | null> {
    const id = textKey(key);
    return this.#store.change(() => {
      const stands = this.#alive(id);
      if (stands === null) this.#kept.put(id, { value, expiresAt: this.#now() + ttlMs });
      return stands;
    });
  }

  async put(key: string, value: string, ttlMs: Span): Promise<void> {
    await this.#store.change(() => this.#kept.put(textKey(key), { value, expiresAt: this.#now() + ttlMs }));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a file that cannot be read is a rejection, not a throw.
  async get(key: string): Promise<string | null> {
    return this.#alive(textKey(key));
  }

  take(key: string): Promise<string | null> {
    const id = textKey(key);
    return this.#store.change(() => {
      const value = this.#alive(id);
      this.#kept.remove(id);
      return value;
    });
  }

  /** Removes what has expired. */
  async trim(): Promise<void> {
    const now = this.#now();
    const gone: string[] = [];
    for (const [key, { expiresAt }] of this.#kept.all()) if (expiresAt <= now) gone.push(key);
    if (gone.length === 0) return;
    await this.#store.change(() => {
      for (const key of gone) if (this.#alive(key) === null) this.#kept.remove(key);
    });
  }
}
