import { setTimeout as sleep } from 'node:timers/promises';
import type { LogError, PartitionBatch, SubscribeOptions, Subscriber, Subscription, TopicFacts } from '@tocsin/core';
import type { Batch, Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import type { ClusterReader } from './cluster-reader.ts';
import { CommitQueue } from '../commit-queue.ts';
import { groupConsumer } from './group-consumer.ts';
import { defaultSessionMs, heartbeatMs } from '../kafka-log-options.ts';
import type { KafkaReports } from '../kafka-log-options.ts';
import { asLogError, logError, protocolError } from '../log-errors.ts';
import { obstacle } from './obstacle.ts';
import { toRecord } from './records.ts';

export interface KafkajsSubscriptionParts extends SubscribeOptions {
  /** A client of its own: see `client`. */
  readonly kafka: Kafka;
  readonly reader: ClusterReader;
  /** Of the topic as it was when subscribed to. */
  readonly facts: TopicFacts;
  readonly subscriber: Subscriber;
  readonly reports: KafkaReports | undefined;
  onClose(): void;
}

/** A partition that the group assigned to us. A new object for each acquisition, so that what is late can be told. */
interface Held {
  readonly partition: number;
  /** The offset that the next delivery must begin at; undefined until the reader said where (`seek`). */
  expected: number | undefined;
  paused: boolean;
  /** Grows with each `seek`: what belongs to an earlier one is dropped. */
  turn: number;
}

interface Delivery {
  readonly held: Held;
  readonly turn: number;
  readonly payload: EachBatchPayload;
}

/** How often the topic is asked whether it is still the one that is read. */
const lookAtTopicMs = 5_000;
const firstRestartMs = 200;
const slowestRestartMs = 3_000;
/** How long `close` waits for a join that is under way; a group can be slow to form. */
const joinPatienceMs = 5_000;

/** kafkajs shows where a fetch began only to those who look. */
const fetchedFrom = (batch: Batch): number =>
  Number((batch as unknown as { readonly fetchedOffset: string }).fetchedOffset);

/**
 * One member of a consumer group, built on these facts of kafkajs 2.2.4 (each was seen on a live broker):
 *
 * - GROUP_JOIN listeners run synchronously, before the next fetch: all partitions are paused there, and only `seek`
 *   resumes one. A fetch in flight is discarded for a partition that is paused or has a seek pending.
 * - There is no word before a revocation. A rebalance is joined only after all running batches ended, so at GROUP_JOIN
 *   nothing is being processed; what is no longer listed there was lost.
 * - Every join forgets positions: kept partitions are sought again, to where their last delivery ended.
 * - A position out of range is silently reset. So the bounds are asked before each seek, and each fetch is compared with
 *   the position it should have begun at (a fetch may begin later only by skipping control records).
 * - When the broker is away it crashes; the consumer is then given up and a new one started, until one joins.
 *
 * Not to be seen with kafkajs: a topic that is deleted, created again and filled beyond our position, all between two
 * fetches. Identity is compared at every join, seek and discontinuity, and every five seconds; the fingerprint that the
 * engine keeps with its position covers the rest.
 */
export class KafkajsSubscription implements Subscription {
  readonly #parts: KafkajsSubscriptionParts;
  readonly #held = new Map<number, Held>();
  /** Where a partition was found created anew: the topic as it is taken to be since; undefined until the next seek. */
  readonly #renewed = new Map<number, TopicFacts | undefined>();
  readonly #closing = Promise.withResolvers<void>();
  readonly #sessionMs: number;
  readonly #commits = new CommitQueue((offsets) => this.#sendCommits(offsets));
  #consumer: Consumer | undefined;
  #memberId: string | undefined;
  #aliveAt = -Infinity;
  #closed = false;
  #running: Promise<void> | undefined;
  #gathered: { readonly deliveries: Delivery[]; readonly done: Promise<void> } | undefined;

  constructor(parts: KafkajsSubscriptionParts) {
    this.#parts = parts;
    this.#sessionMs = parts.sessionTimeoutMs ?? defaultSessionMs;
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#running = this.#keepRunning();
    void this.#watchTopic();
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
    this.#pauseFetching([partition]);
  }

  async commit(partition: number, offset: number): Promise<void> {
    if (this.#closed) throw logError('CLOSED');
    try {
      await this.#commits.commit(partition, offset, !this.#held.has(partition));
    } catch (error) {
      throw asLogError(error);
    }
  }

  async #sendCommits(offsets: ReadonlyMap<number, number>): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === undefined) throw logError('UNAVAILABLE');
    const { topic } = this.#parts;
    await consumer.commitOffsets(
      Array.from(offsets, ([partition, offset]) => ({ topic, partition, offset: String(offset) })),
    );
  }

  /** False too while no heartbeat was answered for a whole session: the group may have given the partition away. */
  assigns(partition: number): boolean {
    return !this.#closed && this.#held.has(partition) && performance.now() - this.#aliveAt < this.#sessionMs;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#commits.close();
    this.#closing.resolve();
    await this.#running;
    this.#held.clear();
    this.#parts.onClose();
  }

  async #keepRunning(): Promise<void> {
    let wait = firstRestartMs;
    while (!this.#closed) {
      const joined = await this.#runOnce();
      if (this.#closed) break;
      this.#parts.reports?.warn('A subscription lost Kafka and starts again.', {
        topic: this.#parts.topic,
        group: this.#parts.group,
      });
      wait = joined ? firstRestartMs : Math.min(wait * 2, slowestRestartMs);
      await Promise.race([sleep(wait), this.#closing.promise]);
    }
  }

  async #watchTopic(): Promise<void> {
    const { topic, reader, facts } = this.#parts;
    while (!this.#closed) {
      await Promise.race([sleep(lookAtTopicMs, undefined, { ref: false }), this.#closing.promise]);
      const identity = this.#closed ? undefined : await reader.identity(topic).catch(() => undefined);
      if (identity === undefined) continue;
      for (const held of this.#held.values()) {
        const known = this.#renewed.has(held.partition) ? this.#renewed.get(held.partition) : facts;
        const changed = known?.identity !== undefined && known.identity !== identity;
        if (changed && held.expected !== undefined) this.#startFrom(held, held.expected);
      }
    }
  }

  /** Returns when the consumer crashed or the subscription is closed: did it ever join the group? */
  async #runOnce(): Promise<boolean> {
    const { topic } = this.#parts;
    const consumer = groupConsumer(this.#parts.kafka, this.#parts, this.#sessionMs);
    const crashed = Promise.withResolvers<void>();
    let joined = false;
    consumer.on(consumer.events.CRASH, () => crashed.resolve());
    consumer.on(consumer.events.HEARTBEAT, () => (this.#aliveAt = performance.now()));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      joined = true;
      this.#joined(consumer, payload);
    });
    let started: Promise<void> = Promise.resolve();
    try {
      await consumer.connect();
      // From the beginning: should a position be reset despite all, the mismatch then shows at the next record.
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      started = consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        // All partitions of a fetch at once, so that they can be handed over in one call.
        partitionsConsumedConcurrently: this.#parts.facts.partitions,
        eachBatch: (payload) => this.#eachBatch(payload),
      });
      await Promise.race([started, this.#closing.promise]);
      await Promise.race([crashed.promise, this.#closing.promise]);
    } catch {
      // Not connected: the loop tries again.
    }
    if (this.#closed) {
      // A consumer that is stopped in the midst of joining would go on as a ghost.
      await Promise.race([started.catch(() => undefined), sleep(joinPatienceMs, undefined, { ref: false })]);
      void started.then(() => consumer.disconnect()).catch(() => undefined);
    }
    this.#consumer = undefined;
    if (!this.#closed) this.#loseAll();
    await consumer.disconnect().catch(() => undefined);
    return joined;
  }

  #joined(consumer: Consumer, { memberId, memberAssignment }: ConsumerGroupJoinEvent['payload']): void {
    if (this.#closed) return;
    this.#consumer = consumer;
    this.#aliveAt = performance.now();
    // Under another name we are a new member: the old one was expelled, and others may have owned its partitions since.
    if (memberId !== this.#memberId) this.#loseAll();
    this.#memberId = memberId;
    const { topic, subscriber } = this.#parts;
    const now = memberAssignment[topic] ?? [];
    const listed = new Set(now);
    const lost = [...this.#held.keys()].filter((partition) => !listed.has(partition));
    for (const partition of lost) this.#held.delete(partition);
    if (lost.length > 0) subscriber.revoked(lost);

    this.#pauseFetching(now);
    const fresh = now.filter((partition) => !this.#held.has(partition));
    for (const held of this.#held.values()) {
      if (held.expected !== undefined) this.#startFrom(held, held.expected);
    }
    for (const partition of fresh) {
      this.#held.set(partition, { partition, expected: undefined, paused: false, turn: 0 });
    }
    if (fresh.length > 0) subscriber.assigned(fresh);
  }

  #loseAll(): void {
    const lost = [...this.#held.keys()];
    this.#held.clear();
    if (lost.length > 0) this.#parts.subscriber.revoked(lost);
  }

  /** Before kafkajs is told a position, the broker is asked whether it is there: kafkajs would not say. */
  #startFrom(held: Held, offset: number): void {
    held.turn += 1;
    held.expected = undefined;
    this.#pauseFetching([held.partition]);
    void this.#verifyAndResume(held, held.turn, offset);
  }

  async #verifyAndResume(held: Held, turn: number, offset: number): Promise<void> {
    const current = (): boolean => !this.#closed && this.#held.get(held.partition) === held && held.turn === turn;
    for (let wait = firstRestartMs; current(); wait = Math.min(wait * 2, slowestRestartMs)) {
      try {
        const failure = await this.#obstacle(held, offset);
        if (!current()) return;
        if (failure !== undefined) return this.#fail(held, failure);
        held.expected = offset;
        if (held.paused) return;
        const { topic } = this.#parts;
        this.#consumer?.seek({ topic, partition: held.partition, offset: String(offset) });
        this.#consumer?.resume([{ topic, partitions: [held.partition] }]);
        return;
      } catch {
        // The broker is away, or the consumer is being rebuilt: then the partition is assigned anew before long.
        await Promise.race([sleep(wait), this.#closing.promise]);
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
    this.#pauseFetching([held.partition]);
    this.#parts.subscriber.failed(held.partition, failure);
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const held = this.#held.get(batch.partition);
    // What is not resolved is fetched again, should it still be wanted.
    if (this.#closed || held === undefined || held.paused || held.expected === undefined || payload.isStale()) return;
    const { turn } = held;
    if (fetchedFrom(batch) !== held.expected && !(await this.#continues(held, turn, batch))) return;
    if (this.#held.get(batch.partition) !== held || held.turn !== turn) return;
    await this.#gather({ held, turn, payload });
  }

  /** Did the fetch begin elsewhere because control records were skipped (true), or because the position was reset? */
  async #continues(held: Held, turn: number, batch: Batch): Promise<boolean> {
    const expected = held.expected!;
    const begun = fetchedFrom(batch);
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

  /**
   * kafkajs calls once per partition of a fetch, all in the same turn of the event loop; one turn later they are handed
   * over together.
   */
  #gather(delivery: Delivery): Promise<void> {
    if (this.#gathered === undefined) {
      const deliveries: Delivery[] = [];
      this.#gathered = { deliveries, done: Promise.resolve().then(() => this.#deliver(deliveries)) };
    }
    this.#gathered.deliveries.push(delivery);
    return this.#gathered.done;
  }

  async #deliver(deliveries: readonly Delivery[]): Promise<void> {
    this.#gathered = undefined;
    const { topic, subscriber, reports } = this.#parts;
    const batches: readonly PartitionBatch[] = deliveries.map(({ payload: { batch } }) => ({
      partition: batch.partition,
      records: batch.messages.map((message) => toRecord(topic, batch.partition, message)),
    }));
    const first = deliveries[0]!.payload;
    const beat = setInterval(
      () => void first.heartbeat().catch((error: unknown) => this.#heartbeatFailed(error)),
      heartbeatMs(this.#sessionMs),
    );
    try {
      await subscriber.batch(batches);
    } catch {
      reports?.warn('A reader failed on a batch; its partitions stay paused.', { topic, partitions: batches.length });
      for (const { held } of deliveries) this.pause(held.partition);
      return;
    } finally {
      clearInterval(beat);
    }
    for (const { held, turn, payload } of deliveries) {
      // Sought elsewhere or lost meanwhile: then this end is not the position.
      if (held.turn !== turn || this.#held.get(held.partition) !== held) continue;
      held.expected = Number(payload.batch.lastOffset()) + 1;
      payload.resolveOffset(payload.batch.messages.at(-1)!.offset);
    }
  }

  /** Expelled in the midst of a batch: known now, while GROUP_JOIN comes only after the batch. */
  #heartbeatFailed(error: unknown): void {
    if (protocolError(error) === 'UNKNOWN_MEMBER_ID') this.#loseAll();
  }

  /** In the moment in which a consumer is rebuilt kafkajs throws; nothing is fetched then, and a join follows. */
  #pauseFetching(partitions: readonly number[]): void {
    try {
      this.#consumer?.pause([{ topic: this.#parts.topic, partitions: [...partitions] }]);
    } catch {
      return;
    }
  }
}
