import { LogError } from '@tocsin/core';
import type {
  Appended,
  Appending,
  Instant,
  Log,
  LogRecord,
  SubscribeOptions,
  Subscriber,
  Subscription,
  TopicFacts,
  TopicSpec,
} from '@tocsin/core';
import { SimulatedMember, openGate } from './simulated-member.ts';
import type { DeliveryGate } from './simulated-member.ts';

export interface SimulatedPartition {
  /** First offset kept. */
  start: number;
  /** `records[i]` has the offset `start + i`. */
  records: LogRecord[];
}

interface SimulatedTopic {
  readonly partitions: SimulatedPartition[];
  identity: string;
}

export interface SimulatedLogOptions {
  /** Gives records their append time. */
  readonly clock: { now(): Instant };
  /** How many of the available records one delivery of a partition has. Default: all. */
  readonly cut?: (available: number) => number;
  /** Largest value in bytes. Default 1,000,000. */
  readonly maxValueBytes?: number;
}

const encoder = new TextEncoder();
const bytesOf = (value: string | Uint8Array): Uint8Array =>
  typeof value === 'string' ? encoder.encode(value) : Uint8Array.from(value);

/** A port rejects; it never throws. */
const promised = <T>(make: () => T): Promise<T> => new Promise((resolve) => resolve(make()));

/** A log in memory that honours the port, for tests of stages and of the engine. Deterministic: no time, no randomness. */
export class SimulatedLog implements Log {
  readonly #options: SimulatedLogOptions;
  readonly #topics = new Map<string, SimulatedTopic>();
  readonly #groups = new Map<string, SimulatedMember[]>();
  readonly #readers = new Set<SimulatedMember>();
  readonly #committed = new Map<string, Map<number, number>>();
  #identities = 0;

  constructor(options: SimulatedLogOptions) {
    this.#options = options;
  }

  createTopics(specs: readonly TopicSpec[]): Promise<readonly string[]> {
    const missing = specs.filter(({ name }) => !this.#topics.has(name));
    for (const { name, partitions } of missing) {
      this.#create(name, partitions);
      this.#wake(name);
    }
    return Promise.resolve(missing.map(({ name }) => name));
  }

  #create(name: string, count: number): void {
    const partitions = Array.from({ length: count }, () => ({ start: 0, records: [] }));
    this.#topics.set(name, { partitions, identity: `topic-${this.#identities++}` });
  }

  /** Deletes a topic and creates it again, empty, as a careless operator would. */
  recreate(name: string): void {
    this.#create(name, this.#topic(name).partitions.length);
    this.#wake(name);
  }

  /** Deletes a topic. Who reads it is told when it is there again. */
  delete(name: string): void {
    this.#topics.delete(name);
  }

  /** Removes the records before an offset, as retention does. */
  trim(topic: string, partition: number, start: number): void {
    const kept = this.partition(topic, partition);
    kept.records.splice(0, start - kept.start);
    kept.start = start;
    this.#wake(topic);
  }

  #topic(name: string): SimulatedTopic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new LogError('UNKNOWN_TOPIC', `There is no topic ${name}.`);
    return topic;
  }

  partition(topic: string, partition: number): SimulatedPartition {
    const found = this.#topic(topic).partitions[partition];
    if (found === undefined) throw new LogError('UNKNOWN_TOPIC', `Topic ${topic} has no partition ${partition}.`);
    return found;
  }

  /** Undefined where the topic does not exist. */
  identity(topic: string): string | undefined {
    return this.#topics.get(topic)?.identity;
  }

  /** All records kept of a topic, partition by partition. */
  records(topic: string): readonly LogRecord[] {
    return this.#topic(topic).partitions.flatMap(({ records }) => records);
  }

  append(records: readonly Appending[]): Promise<readonly Appended[]> {
    const refusal = this.#refusalOf(records);
    if (refusal !== undefined) return Promise.reject(refusal);
    const appended = records.map((record) => this.#append(record));
    for (const topic of new Set(records.map(({ topic }) => topic))) this.#wake(topic);
    return Promise.resolve(appended);
  }

  #refusalOf(records: readonly Appending[]): LogError | undefined {
    const most = this.#options.maxValueBytes ?? 1_000_000;
    for (const { topic, partition, value } of records) {
      if (this.#topics.get(topic)?.partitions[partition] === undefined) {
        return new LogError('UNKNOWN_TOPIC', `There is no partition ${partition} of topic ${topic}.`);
      }
      if (value !== null && value.length > most) return new LogError('TOO_LARGE', `A record to ${topic} is too large.`);
    }
    return undefined;
  }

  #append({ topic, partition, key, value, headers }: Appending): Appended {
    const { start, records } = this.partition(topic, partition);
    const offset = start + records.length;
    records.push({
      topic,
      partition,
      offset,
      timestamp: this.#options.clock.now(),
      key: key === null ? null : bytesOf(key),
      value: value === null ? null : bytesOf(value),
      headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, header]) => [name, bytesOf(header)])),
    });
    return { topic, partition, offset };
  }

  read(topic: string, partition: number, from: number, maxRecords: number): Promise<readonly LogRecord[]> {
    return promised(() => {
      const { start, records } = this.partition(topic, partition);
      if (from < start) throw new LogError('BEFORE_START', `The log begins at ${start}.`);
      if (from > start + records.length) throw new LogError('BEYOND_END', 'The log ends before.');
      return records.slice(from - start, from - start + maxRecords);
    });
  }

  bounds(topic: string, partition: number): Promise<{ readonly start: number; readonly end: number }> {
    return promised(() => {
      const { start, records } = this.partition(topic, partition);
      return { start, end: start + records.length };
    });
  }

  offsetAt(topic: string, partition: number, at: Instant): Promise<number> {
    return promised(() => {
      const { start, records } = this.partition(topic, partition);
      const i = records.findIndex(({ timestamp }) => timestamp >= at);
      return start + (i < 0 ? records.length : i);
    });
  }

  facts(topic: string): Promise<TopicFacts | undefined> {
    const found = this.#topics.get(topic);
    return Promise.resolve(found && { partitions: found.partitions.length, identity: found.identity });
  }

  subscribe(options: SubscribeOptions, subscriber: Subscriber): Promise<Subscription> {
    return promised(() => this.join(options, subscriber, openGate));
  }

  /** Subscribes, with a gate in front of every delivery. */
  join(options: SubscribeOptions, subscriber: Subscriber, gate: DeliveryGate): SimulatedMember {
    this.#topic(options.topic);
    const cut = this.#options.cut ?? ((available: number): number => available);
    const member = new SimulatedMember(this, options, subscriber, cut, gate);
    this.#readers.add(member);
    this.rejoin(member);
    return member;
  }

  /** The group gives the member's partitions to others, and the member does not know: it goes on reading. */
  evict(member: SimulatedMember): void {
    const { group, topic } = member.options;
    const members = (this.#groups.get(group) ?? []).filter((other) => other !== member);
    this.#groups.set(group, members);
    this.#rebalance(members, topic);
  }

  /** The member takes part in the group (again), and learns what it has lost meanwhile. */
  rejoin(member: SimulatedMember): void {
    if (!this.#readers.has(member)) return;
    const { group, topic } = member.options;
    const members = this.#groups.get(group) ?? [];
    if (!members.includes(member)) members.push(member);
    this.#groups.set(group, members);
    this.#rebalance(members, topic);
  }

  #rebalance(members: readonly SimulatedMember[], topic: string): void {
    const count = this.#topic(topic).partitions.length;
    const shares = members.map(() => [] as number[]);
    for (let partition = 0; partition < count; partition++) shares[partition % members.length]?.push(partition);
    members.forEach((member, i) => member.give(shares[i]!));
  }

  /** Also members that were evicted and do not know it. */
  #wake(topic: string): void {
    for (const member of this.#readers) if (member.options.topic === topic) member.wake();
  }

  /** The member leaves for good. */
  leave(member: SimulatedMember): void {
    this.#readers.delete(member);
    this.evict(member);
  }

  commit(group: string, topic: string, partition: number, offset: number): void {
    const key = `${group} ${topic}`;
    this.#committed.set(key, new Map(this.#committed.get(key)).set(partition, offset));
  }

  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return Promise.resolve(new Map(this.#committed.get(`${group} ${topic}`)));
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
