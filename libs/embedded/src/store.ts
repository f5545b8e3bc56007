import { randomUUID } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogError } from '@tocsin/core';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { TextTable } from './text-table.ts';

interface Change {
  readonly work: () => unknown;
  readonly bytes: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** One transaction takes changes up to this size, so that none keeps the others waiting for long. */
const transactionBytes = 8 * 1024 * 1024;
/** A disk that takes longer to flush is as good as broken. */
const flushMs = 30_000;

/** What `ping` writes to find out whether there is space again: as much as found no room, within these bounds. */
const leastProbe = 16 * 1024;
const largestProbe = 1024 * 1024;
/** ENOSPC and EDQUOT of Linux, and MDB_MAP_FULL. */
const fullCodes: readonly unknown[] = [28, 122, -30_792];
/** LMDB calls it EIO when the disk took a part of what was to be written. */
const ioError = 5;
const hardlyAnything = 1024 * 1024;

export type BytesTable = Database<Buffer, Buffer>;

/**
 * The one LMDB file. All changes go through `change`: what is waiting is put into one transaction, one transaction after
 * the other, so that log and state are always of one moment and a change sees all that came before it.
 */
export class Store {
  readonly #folder: string;
  readonly #root: RootDatabase;
  readonly #administration: TextTable<string>;
  readonly #incarnation = randomUUID();
  readonly #failed: (() => void)[] = [];
  readonly #told: ((full: boolean) => void)[] = [];
  /** So many bytes found no room, and nothing as large has found any since; 0 while the disk takes everything. */
  #refused = 0;
  #queue: Change[] = [];
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(folder: string) {
    this.#folder = folder;
    // Plain LMDB: a commit is flushed before it counts. The overlapping mode of this client flushes behind the commit, but
    // reports it only after the flush all the same, so it would gain nothing here.
    // Nor does its batching by turns of the event loop, which is done here; of a batch that cannot be committed it rejects a
    // promise that nobody has, which would end the process.
    this.#root = open({ path: folder, maxDbs: 16, overlappingSync: false, eventTurnBatching: false });
    this.#administration = this.texts('administration');
  }

  bytes(name: string): BytesTable {
    return this.#root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
  }

  texts<T>(name: string): TextTable<T> {
    return new TextTable(this.#root.openDB<string, string>({ name, encoding: 'string' }));
  }

  /** From now on a process that held the folder before can change nothing any more. */
  async claim(): Promise<void> {
    await this.#root.transaction(() => this.#administration.put('incarnation', this.#incarnation));
  }

  /** Called when a transaction failed: nothing of it stands, and memory must not pretend that it does. */
  onFailure(listener: () => void): void {
    this.#failed.push(listener);
  }

  /** Told when the disk turns out to be full, and when there is space again. */
  onFull(listener: (full: boolean) => void): void {
    this.#told.push(listener);
  }

  #hardlySpace(): boolean {
    const { bavail, bsize } = statfsSync(this.#folder);
    return bavail * bsize < hardlyAnything;
  }

  /** Where much finds no room little still may, so only what is as large as that shows that there is space again. */
  #found(room: boolean, bytes: number): void {
    const before = this.#refused;
    if (!room) this.#refused = Math.max(before, leastProbe, Math.min(bytes, largestProbe));
    else if (bytes >= before) this.#refused = 0;
    const full = this.#refused > 0;
    if (full !== before > 0) for (const listener of this.#told) listener(full);
  }

  /**
   * Resolves when the store takes what is written.
   * @throws LogError UNAVAILABLE, CLOSED
   */
  async ping(): Promise<void> {
    const refused = this.#refused;
    if (refused === 0) return this.change(() => undefined);
    // Where the disk was found full, only writing can tell whether it still is.
    await this.change(() => void this.#administration.put('probe', 'x'.repeat(refused)), refused);
    await this.change(() => void this.#administration.put('probe', ''));
  }

  /**
   * Runs the work inside a transaction and resolves with its result when that is committed. Work that throws a LogError must
   * not have written anything: it is rejected alone. Anything else that is thrown takes the whole transaction with it.
   * @throws LogError UNAVAILABLE, CLOSED
   */
  change<T>(work: () => T, bytes = 0): Promise<T> {
    if (this.#closed) return Promise.reject(new LogError('CLOSED', 'The store is closed.'));
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, bytes, resolve: resolve as (result: unknown) => void, reject });
      this.#working ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    // What is asked for in this turn of the event loop goes into one transaction.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#transaction(this.#next());
    this.#working = undefined;
  }

  #next(): readonly Change[] {
    let count = 0;
    for (let bytes = 0; count < this.#queue.length && bytes < transactionBytes; count++)
      bytes += this.#queue[count]!.bytes;
    const next = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return next;
  }

  async #transaction(changes: readonly Change[]): Promise<void> {
    const results: { readonly value?: unknown; readonly refusal?: LogError }[] = [];
    const size = changes.reduce((sum, { bytes }) => sum + bytes, 0);
    try {
      await this.#root.childTransaction(() => {
        if (this.#administration.get('incarnation') !== this.#incarnation) {
          throw new Error('Another process has taken the folder over.');
        }
        for (const { work } of changes) results.push(attempt(work));
      });
    } catch (error) {
      for (const listener of this.#failed) listener();
      const cause = await causeOf(error);
      const { code } = cause as { readonly code?: unknown };
      const full = fullCodes.includes(code) || (code === ioError && this.#hardlySpace());
      if (full) this.#found(false, size);
      const why = full ? 'DISK_FULL: the disk of the embedded storage is full' : 'The store could not be written';
      const failure = new LogError('UNAVAILABLE', `${why}: ${cause.message}`, { cause });
      for (const { reject } of changes) reject(failure);
      return;
    }
    if (this.#refused > 0) this.#found(true, size);
    changes.forEach(({ resolve, reject }, i) => {
      const { value, refusal } = results[i]!;
      if (refusal === undefined) resolve(value);
      else reject(refusal);
    });
  }

  /**
   * Resolves when everything that was acknowledged before is on the disk.
   * @throws LogError UNAVAILABLE
   */
  async sync(): Promise<void> {
    const given = new AbortController();
    const late = sleep(flushMs, true, { signal: given.signal, ref: false }).catch(() => false);
    // A commit after those that were acknowledged may fail meanwhile; which one it was is not told.
    const flushed = Promise.resolve(this.#root.flushed).then(
      () => false,
      (cause: unknown) => {
        throw new LogError('UNAVAILABLE', 'The store could not be flushed.', { cause });
      },
    );
    const tooLate = await Promise.race([flushed, late]).finally(() => given.abort());
    if (tooLate) throw new LogError('UNAVAILABLE', `The disk did not take the data within ${flushMs} ms.`);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#working;
    await this.#root.close();
  }
}

function attempt(work: () => unknown): { readonly value?: unknown; readonly refusal?: LogError } {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof LogError) return { refusal: error };
    throw error;
  }
}

/** LMDB tells of a failed commit twice, the second time with the reason, and by a promise that somebody must listen to. */
async function causeOf(error: unknown): Promise<Error> {
  const details = (error as { readonly commitError?: Promise<unknown> }).commitError;
  if (details !== undefined) {
    const reason = await Promise.race([details.catch((why: unknown) => why), sleep(1_000, undefined, { ref: false })]);
    // Not by its class: an error that native code makes may be one of another realm.
    if (typeof reason === 'object' && reason !== null && 'message' in reason) return reason as Error;
  }
  return error instanceof Error ? error : new Error('unknown');
}
