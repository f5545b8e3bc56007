import type { Database } from 'lmdb';

/** A table of plain values under text keys of up to 1,900 bytes, kept as JSON. Writing belongs into a transaction. */
export class TextTable<T> {
  readonly #table: Database<string, string>;

  constructor(table: Database<string, string>) {
    this.#table = table;
  }

  get(key: string): T | undefined {
    const json = this.#table.get(key);
    return json === undefined ? undefined : (JSON.parse(json) as T);
  }

  put(key: string, value: T): void {
    void this.#table.put(key, JSON.stringify(value));
  }

  remove(key: string): void {
    void this.#table.remove(key);
  }

  /** All of them, in the order of the keys. */
  *all(): Iterable<readonly [key: string, value: T]> {
    for (const { key, value } of this.#table.getRange()) yield [key, JSON.parse(value) as T];
  }
}
