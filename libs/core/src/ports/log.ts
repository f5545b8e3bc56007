import type { Instant } from '../time.ts';

/*
 * Glossary.
 * Log        an ordered, durable, partitioned record store: Apache Kafka, or the embedded one.
 * offset     the place of a record in its partition; gaps are normal.
 * owner      the one member of a group that a partition is assigned to at this moment.
 */

/** One record as it stands in the log. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the log took it (LogAppendTime); the same on every reading. */
  readonly timestamp: Instant;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, Uint8Array>>;
}

/** One record to append. The partition is always explicit: no client's default partitioner is ever used. */
export interface Appending {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly headers?: Readonly<Record<string, string | Uint8Array>>;
}

/** Where a record that was appended stands. */
export interface Appended {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** `delete` drops records older than `retentionMs`; `compact` keeps the newest of each key for ever. */
  readonly cleanup: 'delete' | 'compact';
  /** Undefined keeps for ever. */
  readonly retentionMs?: number;
}

export interface TopicFacts {
  readonly partitions: number;
  /** Changes when a topic is deleted and created again; undefined where the client does not show it. */
  readonly identity?: string;
}

export type LogErrorCode =
  /** The offset lies before the first record that is kept. */
  | 'BEFORE_START'
  /** The offset lies beyond the end of the log. */
  | 'BEYOND_END'
  /** The topic was deleted and created again under this subscription. */
  | 'RECREATED'
  /** The topic does not exist. */
  | 'UNKNOWN_TOPIC'
  /** One record is larger than the log takes. */
  | 'TOO_LARGE'
  /** The log could not be reached, or did not answer in time; whether an append happened is not known. */
  | 'UNAVAILABLE'
  /** The subscription or the log was closed. */
  | 'CLOSED';

export class LogError extends Error {
  constructor(
    readonly code: LogErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LogError';
  }
}

export interface PartitionBatch {
  readonly partition: number;
  readonly records: readonly LogRecord[];
}

/**
 * What a reader is told. Calls come one at a time for a partition. A log may hand over batches of several partitions in
 * one call, so that a reader can answer a whole fetch with one append; each partition stands in it once.
 */
export interface Subscriber {
  /** These partitions are now this member's. Nothing of them is delivered before `Subscription.seek`. */
  assigned(partitions: readonly number[]): void;
  /** No longer this member's, as soon as that is known. A late owner is possible: fencing is the state store's work. */
  revoked(partitions: readonly number[]): void;
  /** The next records of each partition; the next call for the same partition comes only after the promise settles. Must not reject. */
  batch(batches: readonly PartitionBatch[]): Promise<void>;
  /** A partition cannot be read on from where it was told to (BEFORE_START, BEYOND_END, RECREATED); it stays paused. */
  failed(partition: number, error: LogError): void;
}

export interface Subscription {
  /**
   * Delivers from this offset on; also resumes. Records of an earlier position that are in flight are discarded. After
   * `failed` with RECREATED it reads the topic that stands there now.
   */
  seek(partition: number, offset: number): void;
  pause(partition: number): void;
  /**
   * Publishes how far the group is, for lag, autoscaling and as a witness. Never used as the position to start from. Resolves
   * when the group has it; rejects where that is not known. May be gathered with what is committed in the same second; of two
   * calls for a partition the later one stands in the end, and one that was refused is tried again while the partition is held.
   */
  commit(partition: number, offset: number): Promise<void>;
  /** Does the group, as far as this member knows, still assign the partition to it? */
  assigns(partition: number): boolean;
  /** Waits for the running batch, writes what was committed, leaves the group. */
  close(): Promise<void>;
}

/** The log port. Every adapter passes the contract suite `logSuite` of @tocsin/suites. */
export interface Log {
  /**
   * Appends in the order given, per partition, and resolves when every record is durable on the replicas that the log
   * demands. Rejects when any of it is not known to be: then some, all or none may stand there (a repeated append is
   * harmless to the engine, a re-ordered one is not). Results are in the order of the records.
   * Cut so that no request exceeds what the log takes (about 500 KB for one partition), each awaited before the next.
   * @throws LogError TOO_LARGE, UNKNOWN_TOPIC, UNAVAILABLE, CLOSED
   */
  append(records: readonly Appending[]): Promise<readonly Appended[]>;
  /** Reads on, from an offset, once: for administration, fingerprints and pages, not for the hot path. Empty at the end. */
  read(topic: string, partition: number, from: number, maxRecords: number): Promise<readonly LogRecord[]>;
  /** First offset kept, and the offset that the next record will get. */
  bounds(topic: string, partition: number): Promise<{ readonly start: number; readonly end: number }>;
  /** The first offset whose record was appended at or after this time; the end where there is none. */
  offsetAt(topic: string, partition: number, at: Instant): Promise<number>;
  facts(topic: string): Promise<TopicFacts | undefined>;
  /** Creates those that are missing, and says which. */
  createTopics(specs: readonly TopicSpec[]): Promise<readonly string[]>;
  subscribe(options: SubscribeOptions, subscriber: Subscriber): Promise<Subscription>;
  /**
   * Committed offsets of a group by partition; none for a partition for which it never committed. Also a witness: where the
   * group committed and the client then wrote something over it that is no offset, zero.
   */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>;
  /** Resolves when the log answers. @throws LogError UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface SubscribeOptions {
  readonly topic: string;
  readonly group: string;
  /** Upper bound of one delivery of one partition. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
  /** How long a member may stay silent before the group gives its partitions away. Default 10 s. */
  readonly sessionTimeoutMs?: number;
}
