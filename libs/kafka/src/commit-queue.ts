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
 * comes after a quiet time goes at once, and of a partition the last offset counts.
 */
export class CommitQueue {
  readonly #send: SendCommits;
  readonly #paceMs: number;
  #gathered: Gathered | undefined;
  #sending: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #sentAt = -Infinity;
  #closed = false;

  constructor(send: SendCommits, paceMs = commitPaceMs) {
    this.#send = send;
    this.#paceMs = paceMs;
  }

  /** Settles with the request that carried the offset, or a later one of the partition. With `now` nothing is gathered any longer. */
  commit(partition: number, offset: number, now = false): Promise<void> {
    if (this.#closed) return Promise.reject(logError('CLOSED'));
    this.#gathered ??= { offsets: new Map(), told: Promise.withResolvers() };
    const { offsets, told } = this.#gathered;
    offsets.set(partition, offset);
    if (now) clearTimeout(this.#timer);
    // Partitions that are saved or given up in the same turn share a request in any case.
    const wait = now ? 0 : Math.max(0, this.#sentAt + this.#paceMs - performance.now());
    if (now || this.#timer === undefined) this.#timer = setTimeout(() => this.#flush(), wait);
    return told.promise;
  }

  /** Sends what was gathered, and takes no more. A group that cannot be reached keeps nobody from leaving it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#flush();
    await Promise.race([this.#sending, sleep(patienceMs, undefined, { ref: false })]);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const gathered = this.#gathered;
    if (gathered === undefined) return;
    this.#gathered = undefined;
    this.#sentAt = performance.now();
    const { offsets, told } = gathered;
    // One at a time: an older offset must not arrive after a newer one.
    this.#sending = this.#sending.then(() => this.#send(offsets)).then(told.resolve, told.reject);
  }
}
