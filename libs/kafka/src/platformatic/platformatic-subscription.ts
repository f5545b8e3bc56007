import type { LogError, PartitionBatch, SubscribeOptions, Subscriber, Subscription, TopicFacts } from '@tocsin/core';
import { CommitQueue } from '../commit-queue.ts';
import { asLogError, logError } from '../log-errors.ts';
import { defaultSessionMs } from '../kafka-log-options.ts';
import type { KafkaLogOptions } from '../kafka-log-options.ts';
import type { Cluster } from './cluster.ts';
import { Connections } from './connections.ts';
import { Fetcher } from './fetcher.ts';
import type { Part, Taken } from './fetcher.ts';
import { GroupMember } from './group-member.ts';
import { held } from './held-partition.ts';
import type { HeldPartition } from './held-partition.ts';
import { Outage } from './outage.ts';

export interface PlatformaticSubscriptionParts extends SubscribeOptions {
  readonly options: KafkaLogOptions;
  readonly cluster: Cluster;
  /** Of the topic as it was when subscribed to. */
  readonly facts: Required<TopicFacts>;
  readonly subscriber: Subscriber;
  onClose(): void;
}

/**
 * One batch for each partition. Of one that has a new leader there may be two pieces: what the former leader brought last,
 * and what the new one read on from there, while the reader was busy.
 */
const merged = (parts: readonly Part[]): readonly PartitionBatch[] =>
  Array.from(
    Map.groupBy(parts, ({ held: { partition } }) => partition),
    ([partition, pieces]) => ({ partition, records: pieces.flatMap(({ records }) => records) }),
  );

const delivery = () => ({ begun: Promise.withResolvers<void>(), done: Promise.withResolvers<void>() });

/**
 * One reader of a topic: membership in the group says which partitions, the reader says from where, and the fetcher
 * brings them. Nothing is buffered in between but what is fetched while the reader is busy, so a position is only ever
 * the reader's own.
 */
export class PlatformaticSubscription implements Subscription {
  readonly #parts: PlatformaticSubscriptionParts;
  readonly #held = new Map<number, HeldPartition>();
  readonly #connections: Connections;
  readonly #member: GroupMember;
  readonly #fetcher: Fetcher;
  readonly #commits = new CommitQueue(
    (offsets) => this.#member.commit(offsets),
    (partition) => this.#held.has(partition),
  );
  #waiting: Part[] = [];
  #next = delivery();
  #delivering: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: PlatformaticSubscriptionParts) {
    this.#parts = parts;
    const { cluster, options, topic, group, facts } = parts;
    this.#connections = new Connections(options);
    this.#member = new GroupMember({
      cluster,
      options,
      group,
      topic,
      partitions: () =>
        cluster.look(topic).then(
          (view) => view?.leaders.length ?? facts.partitions,
          () => facts.partitions,
        ),
      sessionMs: parts.sessionTimeoutMs ?? defaultSessionMs,
      owned: () => [...this.#held.keys()],
      joined: (partitions) => this.#joined(partitions),
      lost: () => this.#lose([...this.#held.keys()]),
      outage: new Outage(options.reports, 'A subscription lost the coordinator of its group.', { topic, group }),
    });
    this.#fetcher = new Fetcher({
      cluster,
      connections: this.#connections,
      topic,
      topicId: facts.identity,
      maxBytesPerPartition: parts.maxBytesPerPartition ?? 1 << 20,
      held: () => this.#held.values(),
      current: (one, turn) => this.#current(one, turn),
      take: (fetched) => this.#take(fetched),
      failed: (one, error) => this.#fail(one, error),
      outage: new Outage(options.reports, 'A subscription cannot read.', { topic, group }),
    });
  }

  start(): void {
    this.#member.start();
  }

  seek(partition: number, offset: number): void {
    const one = this.#held.get(partition);
    if (one === undefined || this.#closed !== undefined) return;
    one.turn += 1;
    one.from = offset;
    one.epoch = -1;
    this.#fetcher.wake();
  }

  pause(partition: number): void {
    const one = this.#held.get(partition);
    if (one === undefined) return;
    one.turn += 1;
    one.from = undefined;
  }

  async commit(partition: number, offset: number): Promise<void> {
    if (this.#closed !== undefined) throw logError('CLOSED');
    try {
      await this.#commits.commit(partition, offset);
    } catch (error) {
      throw asLogError(error);
    }
  }

  assigns(partition: number): boolean {
    return this.#closed === undefined && this.#held.has(partition) && this.#member.alive;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#waiting = [];
    this.#next.begun.resolve();
    this.#next.done.resolve();
    await this.#delivering;
    await this.#commits.close();
    await this.#member.close();
    const fetched = this.#fetcher.close();
    // Ends the fetch that is under way.
    await this.#connections.close();
    await fetched;
    this.#held.clear();
    this.#parts.onClose();
  }

  #current(one: HeldPartition, turn: number): boolean {
    return this.#closed === undefined && this.#held.get(one.partition) === one && one.turn === turn;
  }

  #joined(partitions: readonly number[]): void {
    if (this.#closed !== undefined) return;
    const listed = new Set(partitions);
    this.#lose([...this.#held.keys()].filter((partition) => !listed.has(partition)));
    const fresh = partitions.filter((partition) => !this.#held.has(partition));
    for (const partition of fresh) this.#held.set(partition, held(partition));
    if (fresh.length > 0) this.#parts.subscriber.assigned(fresh);
  }

  #lose(partitions: readonly number[]): void {
    if (this.#closed !== undefined || partitions.length === 0) return;
    for (const partition of partitions) this.#held.delete(partition);
    this.#parts.subscriber.revoked(partitions);
  }

  #fail(one: HeldPartition, error: LogError): void {
    one.turn += 1;
    one.from = undefined;
    this.#parts.subscriber.failed(one.partition, error);
  }

  /** What comes while the reader is busy waits, and is handed over with all else that waits then. */
  #take(parts: readonly Part[]): Taken {
    this.#waiting.push(...parts);
    const { begun, done } = this.#next;
    if (this.#delivering === undefined) this.#delivering = this.#deliverAll();
    return { begun: begun.promise, done: done.promise };
  }

  async #deliverAll(): Promise<void> {
    while (this.#waiting.length > 0 && this.#closed === undefined) {
      const parts = this.#waiting.filter(({ held: one, turn }) => this.#current(one, turn));
      this.#waiting = [];
      const { begun, done } = this.#next;
      this.#next = delivery();
      begun.resolve();
      if (parts.length > 0) await this.#deliver(parts);
      done.resolve();
    }
    this.#delivering = undefined;
  }

  async #deliver(parts: readonly Part[]): Promise<void> {
    const { topic, subscriber, options } = this.#parts;
    try {
      await subscriber.batch(merged(parts));
    } catch {
      options.reports?.warn('A reader failed on a batch; its partitions stay paused.', {
        topic,
        partitions: parts.length,
      });
      for (const { held: one } of parts) if (this.#held.get(one.partition) === one) this.pause(one.partition);
    }
  }
}
