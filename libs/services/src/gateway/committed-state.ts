import { keyOf, partitionOf } from '@tocsin/core';
import type { Log, StateStore } from '@tocsin/core';
import { decodeEntry } from '@tocsin/engine';
import type { TopicPartitions } from './topic-partitions.ts';

/** Reads what stages have checkpointed: at most a second old, never fenced, for queries only and never for a decision to send. */
export class CommittedState {
  readonly #partitions: TopicPartitions;
  readonly #state: StateStore;
  readonly #log: Pick<Log, 'bounds'>;

  constructor(partitions: TopicPartitions, state: StateStore, log: Pick<Log, 'bounds'>) {
    this.#partitions = partitions;
    this.#state = state;
    this.#log = log;
  }

  /** Entries of the partition of `stage` (reading `topic`) that owns tenant:id, in the order of the keys. */
  async read<T>(
    stage: string,
    topic: string,
    tenantId: string,
    id: string,
    keys: readonly string[],
  ): Promise<readonly (T | undefined)[]> {
    const partition = partitionOf(keyOf(tenantId, id), await this.#partitions.of(topic));
    const values = await this.#state.slot(stage, partition).peek(keys);
    return values.map((value) => (value === null ? undefined : decodeEntry<T>(value)));
  }

  /**
   * Does it mean anything that an entry is not there? Not where the partition has records and the store no position in it: it
   * was emptied, or the stage has not begun yet.
   */
  async isKept(stage: string, topic: string, tenantId: string, id: string): Promise<boolean> {
    const partition = partitionOf(keyOf(tenantId, id), await this.#partitions.of(topic));
    if ((await this.#state.slot(stage, partition).position()) !== null) return true;
    const { start, end } = await this.#log.bounds(topic, partition);
    return start === end;
  }
}
