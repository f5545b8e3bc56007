import { keyOf, partitionOf } from '@tocsin/core';
import type { Log, StateStore } from '@tocsin/core';
import { decodeEntry } from '@tocsin/engine';

/** Reads what stages have checkpointed: at most a second old, never fenced, for queries only and never for a decision to send. */
export class CommittedState {
  readonly #log: Log;
  readonly #state: StateStore;
  readonly #partitions = new Map<string, number>();

  constructor(log: Log, state: StateStore) {
    this.#log = log;
    this.#state = state;
  }

  /** Entries of the partition of `stage` (reading `topic`) that owns tenant:id, in the order of the keys. */
  async read<T>(stage: string, topic: string, tenantId: string, id: string, keys: readonly string[]): Promise<readonly (T | undefined)[]> {
    const partition = partitionOf(keyOf(tenantId, id), await this.#partitionsOf(topic));
    const values = await this.#state.slot(stage, partition).peek(keys);
    return values.map((value) => (value === null ? undefined : (decodeEntry(value) as T | undefined)));
  }

  async #partitionsOf(topic: string): Promise<number> {
    const known = this.#partitions.get(topic);
    if (known !== undefined) return known;
    const facts = await this.#log.facts(topic);
    if (facts === undefined) throw new Error(`The topic ${topic} does not exist: run "tocsin topics create".`);
    this.#partitions.set(topic, facts.partitions);
    return facts.partitions;
  }
}
