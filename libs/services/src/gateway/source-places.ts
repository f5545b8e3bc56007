import { offsetBaseEntry } from '@tocsin/core';
import type { Appended, StateStore } from '@tocsin/core';
import { decodeEntry } from '@tocsin/engine';

/** Where a record of `customer-events` stands, as it is compared with the contacts that `alert` makes (see `sourcePlace`). */
export class SourcePlaces {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  /** Rejects when the store cannot be read: then it is not known what a barrier must be above. */
  async of({ partition, offset }: Pick<Appended, 'partition' | 'offset'>): Promise<number> {
    const slot = this.#state.slot(alertStageName, partition);
    const [[bytes], position] = await Promise.all([slot.peek([offsetBaseEntry]), slot.position()]);
    const base = bytes === undefined || bytes === null ? 0 : (decodeEntry<number>(bytes) ?? 0);
    // A log that was created anew and that nobody has accepted yet goes on from where the one before was read to.
    const anew = position !== null && offset < position.offset;
    return base + (anew ? position.offset : 0) + offset;
  }
}

const alertStageName = 'alert';
