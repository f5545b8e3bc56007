import { setTimeout as sleep } from 'node:timers/promises';
import { logError } from './log-errors.ts';

/** Tells the group about several partitions in one request. */
export type SendCommits = (offsets: ReadonlyMap<number, number>) => Promise<void>;

/** From one request to the next. The offsets are a witness and a measure of lag; nobody waits for them. */
export const commitPaceMs = 500;
/** How long `close` waits for the last answer. */
const patienceMs = 1_000;

interface Gathered {
  readonly offsets: Map<number, number>;
  readonly told: PromiseWithResolvers<void>;
}

/**
 * Commits of all partitions of a group, gathered into few requests: each one costs the broker an append of its own. What
 * comes after a quiet time goes at once, and so does the first word of a partition, for which its reader waits. Of a
 * partition the last offset counts: one that was refused is sent again, as long as the partition is held and nothing newer
 * took its place.
 */
export class CommitQueue {
  readonly #send: SendCommits;
  readonly #holds: (partition: number) => boolean;
  readonly #paceMs: number;
  readonly #begun = new Set<number>();
  readonly #refused = new Map<number, number>();
  #gathered: Gathered | undefined;
  #sending: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #sentAt = -Infinity;
  #closed = false;

  constructor(send: SendCommits, holds: (partition: number) => boolean, paceMs = commitPaceMs) {
    this.#send = send;
    this.#holds = holds;
    this.#paceMs = paceMs;
  }

  /** Settles with the request that carried the offset, or a later one of the partition. */
  commit(partition: number, offset: number): Promise<void> {
    if (this.#closed) return Promise.reject(logError('CLOSED'));
    this.#gathered ??= { offsets: new Map(), told: Promise.withResolvers() };
    const { offsets, told } = this.#gathered;
    offsets.set(partition, offset);
    this.#refused.delete(partition);
    // Of a partition that is given up, the next owner's offsets follow soon.
    this.#flushLater(!this.#begun.has(partition) || !this.#holds(partition));
    this.#begun.add(partition);
    return told.promise;
  }

  /** Sends what was gathered, and takes no more. A group that cannot be reached keeps nobody from leaving it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#flush();
    await Promise.race([this.#sending, sleep(patienceMs, undefined, { ref: false })]);
  }

  #flushLater(now: boolean): void {
    if (now) clearTimeout(this.#timer);
    else if (this.#timer !== undefined) return;
    // Partitions that are saved or given up in the same turn share a request in any case.
    const wait = now ? 0 : Math.max(0, this.#sentAt + this.#paceMs - performance.now());
    this.#timer = setTimeout(() => this.#flush(), wait);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const offsets = new Map([...this.#refused].filter(([partition]) => this.#holds(partition)));
    this.#refused.clear();
    for (const [partition, offset] of this.#gathered?.offsets ?? []) offsets.set(partition, offset);
    const told = this.#gathered?.told;
    this.#gathered = undefined;
    if (offsets.size === 0) return;
    this.#sentAt = performance.now();
    // One at a time: an older offset must not arrive after a newer one.
    this.#sending = this.#sending
      .then(() => this.#send(offsets))
      .then(told?.resolve, (error: unknown) => {
        this.#keep(offsets);
        told?.reject(error);
      });
  }

  #keep(offsets: ReadonlyMap<number, number>): void {
    if (this.#closed) return;
    for (const [partition, offset] of offsets) {
      if (this.#gathered?.offsets.has(partition) !== true) this.#refused.set(partition, offset);
    }
    this.#flushLater(false);
  }
}
