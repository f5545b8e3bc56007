import type { Log } from '@tocsin/core';
import { Away } from '../http/error-answers.ts';

/** How many partitions topics have, asked once: a count is fixed for the life of a topic. */
export class TopicPartitions {
  readonly #log: Log;
  readonly #known = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** @throws Away where the topic does not exist (yet) */
  async of(topic: string): Promise<number> {
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const facts = await this.#log.facts(topic);
    if (facts === undefined) {
      throw new Away(`The topic ${topic} does not exist: run "tocsin topics create".`, { code: 'UNKNOWN_TOPIC' });
    }
    this.#known.set(topic, facts.partitions);
    return facts.partitions;
  }
}
