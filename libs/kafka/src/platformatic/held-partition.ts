/** A partition that the group assigned to us. A new object for each acquisition, so that what is late can be told. */
export interface HeldPartition {
  readonly partition: number;
  /** Where the next fetch begins: behind what was fetched. Undefined until the reader said where, and while paused. */
  from: number | undefined;
  /** Leader epoch of the last batch that was read; -1 where none was since the reader said where. */
  epoch: number;
  /** Grows with each seek and pause: what belongs to an earlier one is dropped. */
  turn: number;
}

export const held = (partition: number): HeldPartition => ({ partition, from: undefined, epoch: -1, turn: 0 });
