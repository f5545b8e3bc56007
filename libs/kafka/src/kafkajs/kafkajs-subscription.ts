import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionBatch, SubscribeOptions, Subscriber, Subscription, TopicFacts } from '@tocsin/core';
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import type { ClusterReader } from './cluster-reader.ts';
import { CommitQueue } from '../commit-queue.ts';
import { groupConsumer } from './group-consumer.ts';
import { defaultSessionMs, heartbeatMs } from '../kafka-log-options.ts';
import type { KafkaReports } from '../kafka-log-options.ts';
import { asLogError, logError, protocolError } from '../log-errors.ts';
import { Positions } from './positions.ts';
import type { Held } from './positions.ts';
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

interface Delivery {
  readonly held: Held;
  readonly turn: number;
  readonly payload: EachBatchPayload;
}

const firstRestartMs = 200;
const slowestRestartMs = 3_000;
/** How long `close` waits for a join that is under way; a group can be slow to form. */
const joinPatienceMs = 5_000;

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
  readonly #positions: Positions;
  /** Aborted when nothing more is to be read; the consumer goes a little later (`#closing`), when all is committed. */
  readonly #reading = new AbortController();
  readonly #closing = Promise.withResolvers<void>();
  readonly #sessionMs: number;
  readonly #commits = new CommitQueue(
    (offsets) => this.#sendCommits(offsets),
    (partition) => this.#positions.has(partition),
  );
  #consumer: Consumer | undefined;
  #memberId: string | undefined;
  #aliveAt = -Infinity;
  #running: Promise<void> | undefined;
  #gathered: { readonly deliveries: Delivery[]; readonly done: Promise<void> } | undefined;

  constructor(parts: KafkajsSubscriptionParts) {
    this.#parts = parts;
    this.#sessionMs = parts.sessionTimeoutMs ?? defaultSessionMs;
    const { topic, reader, facts, subscriber } = parts;
    this.#positions = new Positions({
      topic,
      reader,
      facts,
      subscriber,
      consumer: () => this.#consumer,
      closing: this.#reading.signal,
    });
  }

  get #closed(): boolean {
    return this.#reading.signal.aborted;
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#running = this.#keepRunning();
    void this.#positions.watchTopic();
  }

  seek(partition: number, offset: number): void {
    this.#positions.seek(partition, offset);
  }

  pause(partition: number): void {
    this.#positions.pause(partition);
  }

  async commit(partition: number, offset: number): Promise<void> {
    if (this.#closed) throw logError('CLOSED');
    try {
      await this.#commits.commit(partition, offset);
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
    return !this.#closed && this.#positions.has(partition) && performance.now() - this.#aliveAt < this.#sessionMs;
  }

  async close(): Promise<void> {
    this.#reading.abort();
    await this.#commits.close();
    this.#closing.resolve();
    await this.#running;
    this.#positions.drop(this.#positions.partitions);
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
    const now = memberAssignment[this.#parts.topic] ?? [];
    this.#lose(this.#positions.partitions.filter((partition) => !now.includes(partition)));
    this.#positions.pauseFetching(now);
    this.#positions.seekAgain();
    const fresh = now.filter((partition) => !this.#positions.has(partition));
    this.#positions.take(fresh);
    if (fresh.length > 0) this.#parts.subscriber.assigned(fresh);
  }

  #loseAll(): void {
    this.#lose(this.#positions.partitions);
  }

  #lose(partitions: readonly number[]): void {
    if (partitions.length === 0) return;
    this.#positions.drop(partitions);
    this.#parts.subscriber.revoked(partitions);
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const held = this.#positions.get(batch.partition);
    // What is not resolved is fetched again, should it still be wanted.
    if (this.#closed || held === undefined || held.paused || held.expected === undefined || payload.isStale()) return;
    const { turn } = held;
    if (!(await this.#positions.continues(held, batch)) || !this.#positions.current(held, turn)) return;
    await this.#gather({ held, turn, payload });
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
      if (!this.#positions.current(held, turn)) continue;
      held.expected = Number(payload.batch.lastOffset()) + 1;
      payload.resolveOffset(payload.batch.messages.at(-1)!.offset);
    }
  }

  /** Expelled in the midst of a batch: known now, while GROUP_JOIN comes only after the batch. */
  #heartbeatFailed(error: unknown): void {
    if (protocolError(error) === 'UNKNOWN_MEMBER_ID') this.#loseAll();
  }
}
