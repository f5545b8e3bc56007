import type { ShortTermStore } from '@tocsin/core';

/** Long enough for the owner to look, short enough not to lift a later stop that nobody has looked at. */
const requestMs = 15_000;
/** How often the owner of a stopped partition looks. */
export const lookEveryMs = 2_000;

/**
 * How an operator's command reaches the process that owns a stopped partition, wherever that runs: the cause was seen to,
 * try again. Where nobody takes the request in time it lapses; a process that starts later tries anyway.
 */
export class RetryRequests {
  readonly #store: ShortTermStore;

  constructor(store: ShortTermStore) {
    this.#store = store;
  }

  ask(stage: string, partition: number): Promise<void> {
    return this.#store.put(keyOf(stage, partition), 'retry', requestMs);
  }

  /** True once for each request. */
  async take(stage: string, partition: number): Promise<boolean> {
    return (await this.#store.take(keyOf(stage, partition))) !== null;
  }
}

const keyOf = (stage: string, partition: number): string => `retry:${stage}/${partition}`;

/** The keys of a stage's requests, or with `name.*` of all stages that begin so. */
export const retryKeys = (stage: string): string => `retry:${stage.endsWith('*') ? stage : `${stage}/*`}`;
