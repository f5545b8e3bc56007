type Labels = Readonly<Record<string, string>>;

/**
 * What the steps of a slice counted. Sums are kept by the very object of the labels: a stage that counts every record hands
 * over the same object each time, and then a record costs one look into a map and the metrics one call for each slice.
 */
export class DecisionCounts {
  readonly #names = new Map<string, Map<Labels, number>>();

  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  add(name: string, labels: Labels): void {
    const sums = this.#names.get(name);
    if (sums === undefined) this.#names.set(name, new Map([[labels, 1]]));
    else sums.set(labels, (sums.get(labels) ?? 0) + 1);
  }

  report(to: (name: string, labels: Labels, by: number) => void): void {
    for (const [name, sums] of this.#names) for (const [labels, by] of sums) to(name, labels, by);
  }
}
