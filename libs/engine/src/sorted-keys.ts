/** Keys in order (by UTF-16 code unit, the same everywhere), so that iterating over resident entries replays. */
export class SortedKeys {
  #keys: string[] = [];
  #sorted = true;

  /** For loading many at once; sorted when they are first needed. */
  addUnsorted(key: string): void {
    this.#keys.push(key);
    this.#sorted = false;
  }

  add(key: string): void {
    const i = this.#indexOf(key);
    if (this.#keys[i] !== key) this.#keys.splice(i, 0, key);
  }

  remove(key: string): void {
    const i = this.#indexOf(key);
    if (this.#keys[i] === key) this.#keys.splice(i, 1);
  }

  /** A copy of the keys that begin so. */
  range(prefix: string): readonly string[] {
    const from = this.#indexOf(prefix);
    let to = from;
    while (to < this.#keys.length && this.#keys[to]!.startsWith(prefix)) to++;
    return this.#keys.slice(from, to);
  }

  /** Where the key stands or would stand. */
  #indexOf(key: string): number {
    if (!this.#sorted) {
      this.#keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      this.#sorted = true;
    }
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
