import { setTimeout as sleep } from 'node:timers/promises';
import type { LogError, Subscriber, TopicFacts } from '@tocsin/core';
import type { Batch, Consumer } from 'kafkajs';
import { logError } from '../log-errors.ts';
import type { ClusterReader } from './cluster-reader.ts';
import { obstacle } from './obstacle.ts';

/** A partition that the group assigned to us. A new object for each acquisition, so that what is late can be told. */
export interface Held {
  readonly partition: number;
  /** The offset that the next delivery must begin at; undefined until the reader said where (`seek`). */
  expected: number | undefined;
  paused: boolean;
  /** Grows with each `seek`: what belongs to an earlier one is dropped. */
  turn: number;
}

export interface PositionsParts {
  readonly topic: string;
  readonly reader: ClusterReader;
  /** Of the topic as it was when subscribed to. */
  readonly facts: TopicFacts;
  readonly subscriber: Subscriber;
  /** The one that fetches now; undefined while there is none. */
  consumer(): Consumer | undefined;
  /** Aborted when nothing more is to be read. */
  readonly closing: AbortSignal;
}

/** How often the topic is asked whether it is still the one that is read. */
const lookAtTopicMs = 5_000;
const firstRetryMs = 200;
const slowestRetryMs = 3_000;

/** kafkajs shows where a fetch began only to those who look. */
const fetchedFrom = (batch: Batch): number =>
  Number((batch as unknown as { readonly fetchedOffset: string }).fetchedOffset);

/**
 * Where each partition that a member holds is read from. kafkajs takes a position without a word and resets it silently, so
 * the topic is asked before it is told one, and what it fetches is compared with the position it should have begun at.
 */
export class Positions {
  readonly #parts: PositionsParts;
  readonly #held = new Map<number, Held>();
  /** Where a partition was found created anew: the topic as it is taken to be since; undefined until the next seek. */
  readonly #renewed = new Map<number, TopicFacts | undefined>();

  constructor(parts: PositionsParts) {
    this.#parts = parts;
  }

  get partitions(): readonly number[] {
    return [...this.#held.keys()];
  }

  get(partition: number): Held | undefined {
    return this.#held.get(partition);
  }

  has(partition: number): boolean {
    return this.#held.has(partition);
  }

  take(partitions: readonly number[]): void {
    for (const partition of partitions)
      this.#held.set(partition, { partition, expected: undefined, paused: false, turn: 0 });
  }

  drop(partitions: readonly number[]): void {
    for (const partition of partitions) this.#held.delete(partition);
  }

  seek(partition: number, offset: number): void {
    const held = this.#held.get(partition);
    if (held === undefined || this.#closed) return;
    held.paused = false;
    this.#startFrom(held, offset);
  }

  pause(partition: number): void {
    const held = this.#held.get(partition);
    if (held === undefined) return;
    held.paused = true;
    this.pauseFetching([partition]);
  }

  /** After a join: every one of them is to be sought again, to where its last delivery ended. */
  seekAgain(): void {
    for (const held of this.#held.values()) if (held.expected !== undefined) this.#startFrom(held, held.expected);
  }

  /** Until closed: looks now and then whether the topic is still the one that is read. */
  async watchTopic(): Promise<void> {
    const { topic, reader, facts } = this.#parts;
    while (!this.#closed) {
      await this.#pause(lookAtTopicMs);
      const identity = this.#closed ? undefined : await reader.identity(topic).catch(() => undefined);
      if (identity === undefined) continue;
      for (const held of this.#held.values()) {
        const known = this.#renewed.has(held.partition) ? this.#renewed.get(held.partition) : facts;
        const changed = known?.identity !== undefined && known.identity !== identity;
        if (changed && held.expected !== undefined) this.#startFrom(held, held.expected);
      }
    }
  }

  /** Is it still the acquisition, and the position, that it was at this turn? */
  current(held: Held, turn: number): boolean {
    return !this.#closed && this.#held.get(held.partition) === held && held.turn === turn;
  }

  /**
   * Does the batch begin where it should? Where it does not, control records were skipped (true), or the position was reset:
   * then the reader hears why, or the position is sought again.
   */
  async continues(held: Held, batch: Batch): Promise<boolean> {
    const expected = held.expected!;
    const begun = fetchedFrom(batch);
    if (begun === expected) return true;
    const { turn } = held;
    try {
      const failure = await this.#obstacle(held, expected);
      if (held.turn !== turn) return false;
      if (failure === undefined && begun > expected) return true;
      // In range, yet reset: the log was shorter when kafkajs asked, so it is not the one that was read before.
      this.#fail(held, failure ?? logError('RECREATED'));
    } catch {
      // Not known now: the next attempt begins again where it should.
      this.#startFrom(held, expected);
    }
    return false;
  }

  /** In the moment in which a consumer is rebuilt kafkajs throws; nothing is fetched then, and a join follows. */
  pauseFetching(partitions: readonly number[]): void {
    try {
      this.#parts.consumer()?.pause([{ topic: this.#parts.topic, partitions: [...partitions] }]);
    } catch {
      return;
    }
  }

  get #closed(): boolean {
    return this.#parts.closing.aborted;
  }

  /** Before kafkajs is told a position, the broker is asked whether it is there: kafkajs would not say. */
  #startFrom(held: Held, offset: number): void {
    held.turn += 1;
    held.expected = undefined;
    this.pauseFetching([held.partition]);
    void this.#verifyAndResume(held, held.turn, offset);
  }

  async #verifyAndResume(held: Held, turn: number, offset: number): Promise<void> {
    for (let wait = firstRetryMs; this.current(held, turn); wait = Math.min(wait * 2, slowestRetryMs)) {
      try {
        const failure = await this.#obstacle(held, offset);
        if (!this.current(held, turn)) return;
        if (failure !== undefined) return this.#fail(held, failure);
        held.expected = offset;
        if (held.paused) return;
        const { topic } = this.#parts;
        const consumer = this.#parts.consumer();
        consumer?.seek({ topic, partition: held.partition, offset: String(offset) });
        consumer?.resume([{ topic, partitions: [held.partition] }]);
        return;
      } catch {
        // The broker is away, or the consumer is being rebuilt: then the partition is assigned anew before long.
        await this.#pause(wait);
      }
    }
  }

  /** Whoever seeks again after hearing that the topic was created anew means the topic that stands there now. */
  async #obstacle(held: Held, offset: number): Promise<LogError | undefined> {
    const { topic, reader, facts } = this.#parts;
    const { partition } = held;
    if (this.#renewed.has(partition) && this.#renewed.get(partition) === undefined) {
      const identity = await reader.identity(topic);
      this.#renewed.set(partition, identity === undefined ? facts : { ...facts, identity });
    }
    return obstacle({ topic, reader, facts: this.#renewed.get(partition) ?? facts }, partition, offset);
  }

  #fail(held: Held, failure: LogError): void {
    if (failure.code === 'RECREATED') this.#renewed.set(held.partition, undefined);
    held.expected = undefined;
    held.turn += 1;
    this.pauseFetching([held.partition]);
    this.#parts.subscriber.failed(held.partition, failure);
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#parts.closing, ref: false }).catch(() => undefined);
  }
}
