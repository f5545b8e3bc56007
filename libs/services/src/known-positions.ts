import type { StateStore } from '@tocsin/core';

/**
 * A partition that has nothing to do asks the store nothing, and finds out only with its next record that somebody has emptied
 * it. So whenever health is asked about, the position of one of them is read, one after the other, beside the answer: a store
 * that is away or slow is not this one's to report.
 */
export class KnownPositions {
  readonly #state: Pick<StateStore, 'slot'>;
  readonly #stage: string;
  /** Partitions whose position was there once; it stays known while they are someone else's for the time of a rebalance. */
  readonly #seen = new Set<number>();
  /** Of those that are owned: whose position was gone when it was looked at last. */
  readonly #gone = new Set<number>();
  #turn = 0;
  #looking = false;

  constructor(state: Pick<StateStore, 'slot'>, stage: string) {
    this.#state = state;
    this.#stage = stage;
  }

  /** Owned partitions whose position was there once, and is gone. */
  get lost(): readonly number[] {
    return [...this.#gone];
  }

  /** Looks at the next of the partitions that are owned; resolves also when that cannot be found out. */
  async look(owned: readonly number[]): Promise<void> {
    // Meanwhile another owner may have mended what was gone here.
    for (const partition of this.#gone) if (!owned.includes(partition)) this.#gone.delete(partition);
    const partition = owned[this.#turn % Math.max(1, owned.length)];
    if (partition === undefined || this.#looking) return;
    this.#turn += 1;
    this.#looking = true;
    try {
      const there = (await this.#state.slot(this.#stage, partition).position()) !== null;
      if (there) {
        this.#seen.add(partition);
        this.#gone.delete(partition);
      } else if (this.#seen.has(partition)) this.#gone.add(partition);
    } catch {
      // Then it is looked at again when its turn comes.
    } finally {
      this.#looking = false;
    }
  }
}
