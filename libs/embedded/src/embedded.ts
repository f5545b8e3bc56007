import { mkdirSync } from 'node:fs';
import type { Barriers, Instant, Log, ShortTermStore, Span, StateStore, TokenBuckets } from '@tocsin/core';
import { minutes } from '@tocsin/core';
import { holdFolder } from './folder-hold.ts';
import { EmbeddedLog } from './log/embedded-log.ts';
import { LogCore } from './log/log-core.ts';
import { EmbeddedBarriers } from './state/embedded-barriers.ts';
import { EmbeddedShortTerm } from './state/embedded-short-term.ts';
import { EmbeddedState } from './state/embedded-state.ts';
import { MemoryBuckets } from './state/memory-buckets.ts';
import { Store } from './store.ts';

export interface EmbeddedOptions {
  /** Created where it is missing, readable by its owner alone. */
  readonly folder: string;
  /** The clock of append times, leases, retention and buckets. Default: the one of the machine. */
  readonly now?: () => Instant;
  /** How often what is too old is removed. Default: a minute. */
  readonly trimEveryMs?: Span;
  /** Told when the disk turns out to be full (then nothing is acknowledged), and when there is space again. */
  readonly onFull?: (full: boolean) => void;
}

/** Log and state of one process, in one LMDB file. */
export interface Embedded {
  readonly log: Log;
  readonly state: StateStore;
  readonly barriers: Barriers;
  readonly buckets: TokenBuckets;
  readonly shortTerm: ShortTermStore;
  /** Another connection to the same log, closed by itself. */
  connect(): Log;
  /**
   * Resolves when everything acknowledged so far is on the disk. What is promised of an acknowledgement alone is that it
   * outlives the process (after a power loss log and state could fall back, together), so whatever tells an outsider that
   * something is done (an answer, a send) waits for this first. With the present LMDB client it costs nothing: a commit is
   * on the disk when it is reported.
   * @throws LogError UNAVAILABLE
   */
  sync(): Promise<void>;
  /** Removes now what is too old. */
  trim(): Promise<void>;
  /** Removes the records of a partition before an offset, whatever their age. */
  trimPartition(topic: string, partition: number, before: number): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  /** Ends all subscriptions, writes what is under way, flushes, and lets the folder go. */
  close(): Promise<void>;
}

/**
 * Opens the folder for this process alone.
 * @throws FolderTaken where another process has it
 */
export async function embedded({
  folder,
  now = Date.now,
  trimEveryMs = minutes(1),
  onFull,
}: EmbeddedOptions): Promise<Embedded> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const hold = await holdFolder(folder);
  try {
    const store = new Store(folder);
    if (onFull !== undefined) store.onFull(onFull);
    await store.claim();
    const core = new LogCore(store, now);
    const shortTerm = new EmbeddedShortTerm(store, now);
    const connections: Log[] = [];
    const connect = (): Log => {
      const log = new EmbeddedLog(core);
      connections.push(log);
      return log;
    };
    const trim = async (): Promise<void> => {
      await core.trim();
      await shortTerm.trim();
    };
    // What cannot be removed now is removed the next time.
    const trimming = setInterval(() => void trim().catch(() => undefined), trimEveryMs).unref();
    return {
      log: connect(),
      state: new EmbeddedState(store, now),
      barriers: new EmbeddedBarriers(store),
      buckets: new MemoryBuckets(now),
      shortTerm,
      connect,
      sync: () => store.sync(),
      trim,
      trimPartition: (topic, partition, before) => core.partition(topic, partition).trim(before),
      deleteTopic: (topic) => core.deleteTopic(topic),
      async close() {
        clearInterval(trimming);
        await Promise.all(connections.map((log) => log.close()));
        await store.close();
        await hold.release();
      },
    };
  } catch (error) {
    await hold.release();
    throw error;
  }
}
