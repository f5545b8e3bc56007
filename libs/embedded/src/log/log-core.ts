import { randomUUID } from 'node:crypto';
import { LogError } from '@tocsin/core';
import type { Appended, Appending, Instant, SubscribeOptions, Subscriber, TopicSpec } from '@tocsin/core';
import type { Store } from '../store.ts';
import type { TextTable } from '../text-table.ts';
import { Group } from './group.ts';
import { Member } from './member.ts';
import { PartitionLog } from './partition-log.ts';
import type { LogTables, TopicRow } from './partition-log.ts';
import { encodeRecord } from './record-codec.ts';

/** One record, with key and headers; the same order of size as Kafka's default. */
export const maxRecordBytes = 1_000_000;
const defaultDelivery = 1024 * 1024;
const defaultSessionMs = 10_000;

interface Topic {
  readonly row: TopicRow;
  readonly partitions: readonly PartitionLog[];
}

/** The topics of one folder and who reads them; shared by all connections. */
export class LogCore {
  readonly #store: Store;
  readonly #now: () => Instant;
  readonly #tables: LogTables;
  readonly #rows: TextTable<TopicRow>;
  readonly #commits: TextTable<number>;
  readonly #topics = new Map<string, Topic>();
  /** Topic name -> topic number and group name -> group. */
  readonly #groups = new Map<string, Map<string, Group>>();
  readonly #written = new Set<PartitionLog>();
  #lastNo = 0;

  constructor(store: Store, now: () => Instant) {
    this.#store = store;
    this.#now = now;
    this.#rows = store.texts('topics');
    this.#commits = store.texts('commits');
    this.#tables = {
      store,
      records: store.bytes('records'),
      trims: store.texts('trims'),
      newest: store.bytes('newest'),
      tombstones: store.bytes('tombstones'),
    };
    for (const [, row] of this.#rows.all()) this.#addTopic(row);
    store.onFailure(() => {
      for (const partition of this.#written) partition.rolledBack();
      this.#written.clear();
    });
  }

  #addTopic(row: TopicRow): void {
    const partitions = Array.from({ length: row.partitions }, (_, i) => new PartitionLog(this.#tables, row, i));
    this.#topics.set(row.name, { row, partitions });
    this.#lastNo = Math.max(this.#lastNo, row.no);
  }

  topic(name: string): TopicRow | undefined {
    return this.#topics.get(name)?.row;
  }

  /** @throws LogError UNKNOWN_TOPIC */
  partition(topic: string, partition: number): PartitionLog {
    const found = this.#topics.get(topic)?.partitions[partition];
    if (found === undefined) {
      const what = this.#topics.has(topic) ? `partition ${partition} of topic ${topic}` : `topic ${topic}`;
      throw new LogError('UNKNOWN_TOPIC', `There is no ${what}.`);
    }
    return found;
  }

  /** All records or none stand, behind one another where they share a partition. */
  async append(records: readonly Appending[]): Promise<readonly Appended[]> {
    if (records.length === 0) return [];
    let bytes = 0;
    const encoded = records.map((record) => {
      const encodedRecord = encodeRecord(record);
      if (encodedRecord.length > maxRecordBytes) {
        throw new LogError(
          'TOO_LARGE',
          `A record for ${record.topic} has ${encodedRecord.length} bytes; ${maxRecordBytes} are taken.`,
        );
      }
      bytes += encodedRecord.length;
      return encodedRecord;
    });
    const change = this.#store.change(() => {
      const targets = records.map(({ topic, partition }) => this.partition(topic, partition));
      const now = this.#now();
      const offsets = targets.map((target, i) => {
        this.#written.add(target);
        return target.write(encoded[i]!, now);
      });
      return { targets, offsets };
    }, bytes);
    const { targets, offsets } = await change;
    this.#seen(targets);
    return records.map(({ topic, partition }, i) => ({ topic, partition, offset: offsets[i]! }));
  }

  /** The transaction is committed: readers may have it. */
  #seen(targets: readonly PartitionLog[]): void {
    const topics = new Set<string>();
    for (const target of new Set(targets)) {
      target.committed();
      this.#written.delete(target);
      topics.add(target.topic.name);
    }
    for (const topic of topics) this.#wake(topic);
  }

  #wake(topic: string): void {
    for (const group of this.#groups.get(topic)?.values() ?? []) group.wake();
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<readonly string[]> {
    const created = await this.#store.change(() => {
      const rows: TopicRow[] = [];
      for (const { name, partitions, cleanup, retentionMs } of specs) {
        if (this.#topics.has(name) || this.#rows.get(name) !== undefined) continue;
        const retention = retentionMs === undefined ? {} : { retentionMs };
        const row = { no: ++this.#lastNo, identity: randomUUID(), name, partitions, cleanup, ...retention };
        this.#rows.put(name, row);
        rows.push(row);
      }
      return rows;
    });
    for (const row of created) {
      this.#addTopic(row);
      this.#wake(row.name);
    }
    return created.map(({ name }) => name);
  }

  async deleteTopic(name: string): Promise<void> {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    this.#topics.delete(name);
    await this.#store.change(() => this.#rows.remove(name));
    this.#wake(name);
    for (const partition of topic.partitions) await partition.drop();
  }

  /** Removes what is older than its topic keeps. */
  async trim(): Promise<void> {
    const now = this.#now();
    for (const { row, partitions } of [...this.#topics.values()]) {
      for (const partition of partitions) {
        if (row.cleanup === 'compact') await partition.forgetTombstones(now);
        else if (row.retentionMs !== undefined) await partition.trim(partition.offsetAt(now - row.retentionMs));
      }
    }
  }

  subscribe({ topic: name, group: groupName, ...options }: SubscribeOptions, subscriber: Subscriber): Member {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new LogError('UNKNOWN_TOPIC', `There is no topic ${name}.`);
    const { identity, no, partitions } = topic.row;
    const groups = this.#groups.get(name) ?? new Map<string, Group>();
    this.#groups.set(name, groups);
    // A topic that was created again has groups of its own.
    const groupKey = `${no}/${groupName}`;
    const group = groups.get(groupKey) ?? new Group(partitions);
    groups.set(groupKey, group);
    const known = new Map(Array.from({ length: partitions }, (_, partition) => [partition, identity] as const));
    const member = new Member({
      subscriber,
      maxBytesPerPartition: options.maxBytesPerPartition ?? defaultDelivery,
      log: (partition) => this.#partitionOf(name, known, partition),
      commit: async (partition, offset) => {
        await this.#store.change(() => this.#commits.put(commitKey(groupName, no, partition), offset));
      },
      left: (leaving) => {
        group.leave(leaving);
        if (group.empty && groups.get(groupKey) === group) groups.delete(groupKey);
      },
    });
    group.join(member, options.sessionTimeoutMs ?? defaultSessionMs);
    return member;
  }

  /** `known`: which topic each partition is read of. Whoever reads on after RECREATED means the one that stands there now. */
  #partitionOf(name: string, known: Map<number, string>, partition: number): PartitionLog | LogError {
    const topic = this.#topics.get(name);
    if (topic === undefined) return new LogError('UNKNOWN_TOPIC', `Topic ${name} was deleted.`);
    const { identity } = topic.row;
    if (known.get(partition) !== identity) {
      known.set(partition, identity);
      return new LogError('RECREATED', `Topic ${name} was deleted and created again.`);
    }
    return topic.partitions[partition]!;
  }

  committed(groupName: string, name: string): ReadonlyMap<number, number> {
    const committed = new Map<number, number>();
    const topic = this.#topics.get(name)?.row;
    if (topic === undefined) return committed;
    for (let partition = 0; partition < topic.partitions; partition++) {
      const offset = this.#commits.get(commitKey(groupName, topic.no, partition));
      if (offset !== undefined) committed.set(partition, offset);
    }
    return committed;
  }
}

const commitKey = (group: string, topicNo: number, partition: number): string => `${topicNo}/${partition}/${group}`;
