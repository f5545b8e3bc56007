import { setTimeout as sleep } from 'node:timers/promises';
import type { LogError, LogRecord } from '@tocsin/core';
import { asLogError, logError } from '../log-errors.ts';
import type { Cluster } from './cluster.ts';
import type { Connections } from './connections.ts';
import { fetch } from './fetch-exchange.ts';
import type { Fetched } from './fetch-exchange.ts';
import type { HeldPartition } from './held-partition.ts';
import type { Outage } from './outage.ts';
import { readBatches } from './record-batches.ts';

/** Records of one partition, fetched but not handed over yet. */
export interface Part {
  readonly held: HeldPartition;
  readonly turn: number;
  readonly records: readonly LogRecord[];
}

export interface Taken {
  readonly begun: Promise<void>;
  readonly done: Promise<void>;
}

export interface FetcherParts {
  readonly cluster: Cluster;
  readonly connections: Connections;
  readonly topic: string;
  /** Of the topic as it was when subscribed to. */
  readonly topicId: string;
  readonly maxBytesPerPartition: number;
  held(): Iterable<HeldPartition>;
  /** Is the partition still ours, and sought no more since? */
  current(held: HeldPartition, turn: number): boolean;
  /** When all of it is being handled, and when it was. */
  take(parts: readonly Part[]): Taken;
  failed(held: HeldPartition, error: LogError): void;
  /** Told when a broker is lost; it is tried until it answers. */
  readonly outage: Outage;
}

interface Asked {
  readonly held: HeldPartition;
  readonly turn: number;
  readonly from: number;
}

const maxBytes = 4 << 20;
/** Long, since a fetch is answered as soon as there is a record; what is sought meanwhile waits for its end. */
const patientMs = 250;
/** While positions are being sought. */
const restlessMs = 20;
const restlessForMs = 500;
/** An answer of this size is worth fetching the next one while it is handled. */
const aheadFromBytes = 128 << 10;
const longestRestMs = 5;
const firstRetryMs = 100;
const slowestRetryMs = 1_000;

/** Protocol codes after which a partition is not simply asked for again. */
const offsetOutOfRange = 1;
const topicGone: ReadonlySet<number> = new Set([3, 100, 103]);

/**
 * Reads all partitions that have a position: one request to each leader at a time, the next one while what the last one
 * brought is being handled, where that is much. So at most two answers of a leader are in memory, and no fetch waits for another leader's.
 */
export class Fetcher {
  readonly #parts: FetcherParts;
  readonly #busy = new Set<number>();
  readonly #closing = new AbortController();
  #woken = false;
  #restlessUntil = 0;
  #running = 0;
  #idle = Promise.withResolvers<void>();
  /** Least recently served first: an answer has room for a few partitions, and the broker fills it in our order. */
  #order: HeldPartition[] = [];
  /** No other topic of this name is read, until all partitions were told of it and are sought anew. */
  #topicId: string;

  constructor(parts: FetcherParts) {
    this.#parts = parts;
    this.#topicId = parts.topicId;
  }

  /** A position was sought or a partition came: it will be asked for soon. */
  wake(): void {
    this.#restlessUntil = performance.now() + restlessForMs;
    this.#dispatchSoon();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#running > 0) await this.#idle.promise;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Once for all that is sought in the same turn. */
  #dispatchSoon(): void {
    if (this.#woken || this.#closed) return;
    this.#woken = true;
    setImmediate(() => {
      this.#woken = false;
      void this.#tracked(() => this.#dispatch());
    });
  }

  async #tracked(work: () => Promise<void>): Promise<void> {
    this.#running += 1;
    try {
      await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0 && this.#closed) this.#idle.resolve();
    }
  }

  async #dispatch(): Promise<void> {
    if (this.#closed || !this.#wanted()) return;
    let leaders: readonly number[];
    try {
      leaders = await this.#leaders();
    } catch (error) {
      if (this.#closed) return;
      this.#parts.outage.away(error);
      await this.#pause(firstRetryMs);
      return this.#dispatchSoon();
    }
    const nodes = new Set<number>();
    for (const held of this.#parts.held()) {
      if (held.from !== undefined) nodes.add(leaders[held.partition] ?? -1);
    }
    for (const node of nodes) {
      if (this.#busy.has(node)) continue;
      this.#busy.add(node);
      void this.#tracked(() => this.#keepFetching(node));
    }
  }

  /** A topic that is gone shows here; nobody leads its partitions then, and they are not asked for again. */
  async #leaders(): Promise<readonly number[]> {
    const { cluster, topic } = this.#parts;
    try {
      return (await cluster.topic(topic)).leaders;
    } catch (error) {
      if (asLogError(error).code !== 'UNKNOWN_TOPIC') throw error;
      await this.#lookInto(this.#asked(() => true));
      return [];
    }
  }

  #wanted(): boolean {
    for (const { from } of this.#parts.held()) if (from !== undefined) return true;
    return false;
  }

  /** Is one wanted of a leader of whom nothing was before? It moved there, and whoever fetched it only fetches the others now. */
  #strays(leaders: readonly number[]): boolean {
    for (const { from, partition } of this.#parts.held()) {
      if (from !== undefined && !this.#busy.has(leaders[partition] ?? -1)) return true;
    }
    return false;
  }

  /** Fetches from one leader until nothing is wanted of it any more. */
  async #keepFetching(node: number): Promise<void> {
    const { cluster, topic } = this.#parts;
    for (let wait = firstRetryMs; !this.#closed;) {
      try {
        const { leaders } = await cluster.topic(topic);
        if (this.#strays(leaders)) this.#dispatchSoon();
        const asked = this.#asked((partition) => (leaders[partition] ?? -1) === node);
        if (asked.length === 0) break;
        if (await this.#fetchOnce(node, asked)) wait = firstRetryMs;
        else {
          await this.#pause(wait);
          wait = Math.min(2 * wait, slowestRetryMs);
        }
      } catch (error) {
        if (this.#closed) break;
        this.#parts.outage.away(error);
        cluster.forget(topic);
        await this.#pause(wait);
        wait = Math.min(2 * wait, slowestRetryMs);
        // Partitions may have another leader by now.
        break;
      }
    }
    this.#busy.delete(node);
    if (this.#wanted()) this.#dispatchSoon();
  }

  #asked(concerns: (partition: number) => boolean): readonly Asked[] {
    const served = new Set(this.#order);
    const present = new Set(this.#parts.held());
    this.#order = [
      ...this.#order.filter((held) => present.has(held)),
      ...[...present].filter((one) => !served.has(one)),
    ];
    return this.#order.flatMap((held) =>
      held.from === undefined || !concerns(held.partition) ? [] : [{ held, turn: held.turn, from: held.from }],
    );
  }

  /** False when it brought nothing but trouble. */
  async #fetchOnce(node: number, asked: readonly Asked[]): Promise<boolean> {
    const { cluster, connections, maxBytesPerPartition } = this.#parts;
    const connection = await connections.to(cluster.broker(node));
    const restless = performance.now() < this.#restlessUntil;
    const fetched = await fetch(
      connection,
      {
        topicId: this.#topicId,
        maxWaitMs: restless ? restlessMs : patientMs,
        maxBytes: Math.max(maxBytes, maxBytesPerPartition),
        maxBytesPerPartition,
      },
      asked.map(({ held, from }) => ({ partition: held.partition, offset: from, epoch: held.epoch })),
    );
    if (this.#closed) return true;
    this.#parts.outage.over();
    const answers = new Map(fetched.map((one) => [one.partition, one]));
    const parts: Part[] = [];
    const troubled: Asked[] = [];
    for (const one of asked) {
      const answer = answers.get(one.held.partition);
      if (answer === undefined || !this.#stands(one)) continue;
      if (answer.error !== 0) troubled.push(one);
      else if (answer.divergesAt !== undefined) this.#parts.failed(one.held, logError('BEYOND_END'));
      else this.#readOrFail(one, answer, parts);
    }
    if (parts.length > 0) await this.#handOver(parts, answers);
    if (troubled.length === 0) return true;
    await this.#explain(troubled, answers);
    return parts.length > 0;
  }

  /**
   * While much is waiting, the next answer is fetched beside the work on this one. Of a trickle the next record would come
   * at once, alone, and cost as many requests as a thousand: there the leader is asked again only after the work, and a rest
   * as long as that took, so that what was written meanwhile comes together. Little work means little rest.
   */
  async #handOver(parts: readonly Part[], answers: ReadonlyMap<number, Fetched>): Promise<void> {
    const { begun, done } = this.#parts.take(parts);
    await begun;
    let bytes = 0;
    for (const { held } of parts) bytes += answers.get(held.partition)!.batches.length;
    if (bytes >= aheadFromBytes) return;
    const began = performance.now();
    await done;
    const rest = Math.min(longestRestMs, performance.now() - began);
    if (rest >= 1) await this.#pause(rest);
  }

  /** What cannot be read is the trouble of its own partition: what the others brought has moved their positions already. */
  #readOrFail(one: Asked, answer: Fetched, into: Part[]): void {
    try {
      this.#read(one, answer, into);
    } catch (error) {
      this.#parts.failed(one.held, logError('UNAVAILABLE', error));
    }
  }

  #read({ held, turn, from }: Asked, answer: Fetched, into: Part[]): void {
    if (answer.batches.length === 0) return;
    const { records, next, epoch } = readBatches(
      this.#parts.topic,
      held.partition,
      answer.batches,
      from,
      answer.aborted,
    );
    held.from = next;
    if (epoch >= 0) held.epoch = epoch;
    if (records.length === 0) return;
    into.push({ held, turn, records });
    this.#order.splice(this.#order.indexOf(held), 1);
    this.#order.push(held);
  }

  async #explain(troubled: readonly Asked[], answers: ReadonlyMap<number, Fetched>): Promise<void> {
    const { cluster, topic } = this.#parts;
    const errorOf = ({ held }: Asked): number => answers.get(held.partition)!.error;
    if (troubled.some((one) => topicGone.has(errorOf(one)))) await this.#lookInto(troubled);
    for (const one of troubled) {
      if (errorOf(one) !== offsetOutOfRange || !this.#stands(one)) continue;
      const { start, end } = await cluster.bounds(topic, one.held.partition);
      if (!this.#stands(one)) continue;
      if (one.from < start) this.#parts.failed(one.held, logError('BEFORE_START'));
      else if (one.from > end) this.#parts.failed(one.held, logError('BEYOND_END'));
      // In range after all: the broker no longer knows the epoch of what was read last, and would refuse it for ever.
      else one.held.epoch = -1;
    }
    // All other errors mean that the leader is no longer, or not yet, where it was thought to be.
    cluster.forget(topic);
  }

  /** Is the topic gone, or another one in its place? */
  async #lookInto(asked: readonly Asked[]): Promise<void> {
    const { cluster, topic } = this.#parts;
    const now = await cluster.look(topic);
    if (now?.id === this.#topicId) return;
    if (now === undefined) {
      const gone = logError('UNKNOWN_TOPIC');
      for (const one of asked) if (this.#stands(one)) this.#parts.failed(one.held, gone);
      return;
    }
    this.#topicId = now.id;
    for (const held of [...this.#parts.held()]) {
      if (held.from !== undefined) this.#parts.failed(held, logError('RECREATED'));
    }
  }

  /** Not sought elsewhere, not lost, and not read meanwhile from another leader either. */
  #stands({ held, turn, from }: Asked): boolean {
    return held.from === from && this.#parts.current(held, turn);
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }
}
