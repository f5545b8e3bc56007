import type { StateStore } from '@tocsin/core';

/**
 * A partition that has nothing to do asks the store nothing, and finds out only with its next record that somebody has emptied
 * it. So whenever health is asked about, the position of one of them is read, one after the other, beside the answer: a store
 * that is away or slow is not this one's to report.
 */
export class KnownPositions {
  readonly #state: Pick<StateStore, 'slot'>;
  readonly #stage: string;
  /**
   * By partition: was its position there when it was looked at last? Of those without one yet nothing is kept; of those that
   * are someone else's for the time of a rebalance it is.
   */
  readonly #known = new Map<number, boolean>();
  #owned: readonly number[] = [];
  #turn = 0;
  #looking = false;

  constructor(state: Pick<StateStore, 'slot'>, stage: string) {
    this.#state = state;
    this.#stage = stage;
  }

  /** Owned partitions whose position was there once, and is gone. */
  get lost(): readonly number[] {
    return this.#owned.filter((partition) => this.#known.get(partition) === false);
  }

  /** Looks at the next of the partitions that are owned; resolves also when that cannot be found out. */
  async look(owned: readonly number[]): Promise<void> {
    this.#owned = owned;
    const partition = owned[this.#turn % Math.max(1, owned.length)];
    if (partition === undefined || this.#looking) return;
    this.#turn += 1;
    this.#looking = true;
    try {
      const there = (await this.#state.slot(this.#stage, partition).position()) !== null;
      if (there || this.#known.has(partition)) this.#known.set(partition, there);
    } catch {
      // Then it is looked at again when its turn comes.
    } finally {
      this.#looking = false;
    }
  }
}
