import { keyOf, partitionOf } from '@tocsin/core';
import type { Instant, Log, StateStore } from '@tocsin/core';
import { decodeEntry } from '@tocsin/engine';
import type { TopicPartitions } from './topic-partitions.ts';

/** A stage takes a record within a second or two, and saves what came of it; one that does not stands still or is far behind. */
const behindMs = 5_000;

/** Reads what stages have checkpointed: at most a second old, never fenced, for queries only and never for a decision to send. */
export class CommittedState {
  readonly #partitions: TopicPartitions;
  readonly #state: StateStore;
  readonly #log: Pick<Log, 'bounds' | 'read'>;

  constructor(partitions: TopicPartitions, state: StateStore, log: Pick<Log, 'bounds' | 'read'>) {
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
   * was emptied, or the stage has not begun yet. Nor where a record has waited for the stage for long: it may be about this.
   */
  async isKept(stage: string, topic: string, tenantId: string, id: string, now: Instant): Promise<boolean> {
    const partition = partitionOf(keyOf(tenantId, id), await this.#partitions.of(topic));
    const position = await this.#state.slot(stage, partition).position();
    const { start, end } = await this.#log.bounds(topic, partition);
    if (position === null) return start === end;
    if (position.offset === end) return true;
    if (position.offset < start || position.offset > end) return false;
    const [waiting] = await this.#log.read(topic, partition, position.offset, 1);
    return waiting === undefined || now - waiting.timestamp < behindMs;
  }
}
