/*
 * A bad release must not dead-letter a stream: more than 100 records, or 5 % of them, between two checkpoints stop the
 * partition. A share needs something to be a share of: the count goes on over several checkpoints until it has seen enough.
 */
const most = 100;
const leastForShare = 20;
const share = 0.05;

/** Counts what became of the records of one partition. Survives a replay without counting anything twice. */
export class DeadLetterLimit {
  #countedTo = -1;
  #records = 0;
  readonly #places = new Set<string>();

  record(offset: number): void {
    if (offset <= this.#countedTo) return;
    this.#countedTo = offset;
    this.#records++;
  }

  /** The place of a dead letter: its offset, with the timer's key where a timer failed. */
  deadLetter(place: string): void {
    this.#places.add(place);
  }

  get exceeded(): boolean {
    const count = this.#places.size;
    return count > most || (count >= leastForShare && count > share * this.#records);
  }

  /** A paced checkpoint was saved. */
  checkpointed(): void {
    if (this.#records < leastForShare / share) return;
    this.#records = 0;
    this.#places.clear();
  }
}
