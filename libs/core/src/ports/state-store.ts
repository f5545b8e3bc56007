import type { Instant } from '../time.ts';

/*
 * Glossary.
 * slot       the state of one partition of one stage: position and entries, changed together or not at all.
 * entry      key -> bytes. A key that begins with `!` is resident: handed over whole at acquisition (watermarks, timers,
 *            jobs). All others are cold: read when a record needs them.
 * token      64 random bits, new for every acquisition; whoever holds another one is fenced.
 * version    one more with every checkpoint.
 */

/** Which record was consumed last, so that a topic that was deleted and created again, or truncated, is noticed. */
export interface Fingerprint {
  readonly offset: number;
  readonly timestamp: Instant;
  /** CRC-32 of key and value. */
  readonly crc: number;
}

export interface Position {
  /** The next input offset to process. */
  readonly offset: number;
  readonly fingerprint: Fingerprint | null;
  /** Raised by an operator who accepts a new log under an old name. */
  readonly generation: number;
  /** The stage clock: the newest append time processed. */
  readonly clockAt: Instant;
}

export interface Acquired {
  readonly token: string;
  readonly version: number;
  /** Null on the very first acquisition. */
  readonly position: Position | null;
  readonly resident: ReadonlyMap<string, Uint8Array>;
}

export interface CheckpointRequest {
  readonly token: string;
  readonly version: number;
  readonly position: Position;
  /** Null removes. Values begin with the entry header (`entryHeaderBytes`). */
  readonly entries: ReadonlyMap<string, Uint8Array | null>;
  readonly leaseMs: number;
  /** Gives the lease up in the same step. */
  readonly release?: boolean;
}

/**
 * The state of one partition of one stage. All of it lies in one place that one script can change (one Redis slot), so
 * position, watermarks and state are always of one moment.
 */
export interface Slot {
  /**
   * Takes the slot over under a new random token. With `takeOver` false a living foreign lease answers `busy`; with true
   * (the consumer group assigned the partition to this member) it is taken at once.
   */
  acquire(options: {
    readonly leaseMs: number;
    readonly takeOver: boolean;
  }): Promise<Acquired | { readonly busyMs: number }>;
  /** Writes position and entries, and returns the new version; or `fenced`, having written nothing. */
  checkpoint(request: CheckpointRequest): Promise<number | 'fenced'>;
  /** Cold entries in the order of the keys, null where there is none; `fenced` where token or version differ. */
  read(token: string, version: number, keys: readonly string[]): Promise<readonly (Uint8Array | null)[] | 'fenced'>;
  /**
   * Removes some entries whose expiry (in the entry header) is at or before `clockAt`; the stage already treats them as
   * absent, so this changes no answer. Returns how many went.
   */
  sweep(token: string, version: number, clockAt: Instant): Promise<number | 'fenced'>;
  /** Unfenced, for queries of the gateway and for status only: a committed state, at most a checkpoint old. */
  peek(keys: readonly string[]): Promise<readonly (Uint8Array | null)[]>;
  /** Unfenced: the committed position, for status and `doctor`. */
  position(): Promise<Position | null>;
}

export interface StateStore {
  slot(stage: string, partition: number): Slot;
  /** Problems that make the store unfit (an eviction policy, too few replicas, an old server), as sentences. */
  check(): Promise<readonly string[]>;
  /** Resolves when the store answers; rejects otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Every stored value begins with one byte of format version and eight of expiry (big-endian float64; 0 = never). */
export const entryHeaderBytes = 9;
