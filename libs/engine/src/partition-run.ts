import type { Acquired, Appending, Fingerprint, Instant, LogRecord, Position, Slot } from '@tocsin/core';
import type { DeadLetterLimit } from './dead-letter-limit.ts';
import { EngineError, Fenced, Lost } from './engine-error.ts';
import { EntryTable } from './entry-table.ts';
import { Feed } from './feed.ts';
import { fingerprintOf, fits } from './fingerprint.ts';
import { Fold } from './fold.ts';
import { Outbox } from './outbox.ts';
import { sourceOf } from './provenance.ts';
import { markIn, recoveryKey } from './recovery-mark.ts';
import type { RunnerParts } from './runner-parts.ts';
import { TimerQueue, timerPrefix } from './timer-queue.ts';
import { Turn } from './turn.ts';
import { Watermarks, watermarkPrefix } from './watermarks.ts';

/** Timers whose entries are read ahead of a slice; the rest is read when they fire. */
const timersReadAhead = 1_000;

export interface RunStart {
  readonly partition: number;
  readonly slot: Slot;
  readonly acquired: Acquired;
  readonly position: Position;
  /** The record that the log must still have where it had it; null where that cannot or need not be asked. */
  readonly expected: Fingerprint | null;
  /** End of the log at acquisition. */
  readonly end: number;
  readonly poison: ReadonlyMap<string, string>;
  readonly deadLetters: DeadLetterLimit;
}

/**
 * One acquisition of one partition: its token, its memory, its outputs. On any error the whole object is thrown away
 * (`lost`), and everything that is still under way for it notices.
 */
export class PartitionRun<In> {
  readonly partition: number;
  readonly slot: Slot;
  readonly token: string;
  readonly end: number;
  readonly turn = new Turn();
  readonly fold: Fold<In>;
  readonly #parts: RunnerParts<In>;
  readonly #entries = new EntryTable();
  readonly #timers: TimerQueue;
  readonly #watermarks = new Watermarks();
  readonly #outbox: Outbox;
  readonly #generation: number;
  /** Set while the slot is one that is rebuilt from the log. */
  #mutedBelow: number | undefined;
  #expected: Fingerprint | null;

  version: number;
  /** The position in the store. */
  saved: Position;
  checkpointAt: Instant | null = null;
  /** Settles when the checkpoint that is under way has been answered. */
  checkpointing: Promise<void> | undefined;
  /** Nothing of this acquisition counts any more. */
  lost = false;
  /** Revoked or shutting down: no further slice is begun. */
  closing = false;
  caughtUp = false;
  held = false;

  constructor(parts: RunnerParts<In>, start: RunStart) {
    const { stage, options } = parts;
    this.#parts = parts;
    this.partition = start.partition;
    this.slot = start.slot;
    this.token = start.acquired.token;
    this.version = start.acquired.version;
    this.saved = start.position;
    this.end = start.end;
    this.#expected = start.expected;
    this.#generation = start.position.generation;
    this.#mutedBelow = markIn(start.acquired.resident)?.mutedBelow;
    this.#timers = new TimerQueue(stage.onTimer !== undefined);
    this.#outbox = new Outbox({
      stage: stage.name,
      source: sourceOf(stage.name, stage.input, start.partition, this.#generation),
      partitions: options.partitions,
      deadLettersTopic: options.deadLettersTopic,
      mutedBelow: this.#mutedBelow ?? 0,
    });
    const { poison, deadLetters, partition } = start;
    this.fold = new Fold<In>(
      {
        stage,
        partition,
        entries: this.#entries,
        timers: this.#timers,
        watermarks: this.#watermarks,
        outbox: this.#outbox,
        poison,
        deadLetters,
      },
      start.position.offset,
      start.position.clockAt,
    );
    for (const [key, bytes] of start.acquired.resident) {
      if (key.startsWith(watermarkPrefix)) this.#watermarks.load(key, bytes);
      else if (key.startsWith(timerPrefix)) this.#timers.load(key, bytes);
      else if (key !== recoveryKey) this.#entries.loadResident(key, bytes);
    }
  }

  get entries(): EntryTable {
    return this.#entries;
  }

  /** The last record consumed by the previous owner was found unchanged, or there was none to look for. */
  get verified(): boolean {
    return this.#expected === null;
  }

  /** The log is replayed to fill a slot that was lost; what retention takes of it meanwhile is no loss on top. */
  get rebuilding(): boolean {
    return this.#mutedBelow !== undefined;
  }

  get nextTimerDue(): Instant | undefined {
    return this.#timers.peek()?.due;
  }

  /** Reading begins with the record whose fingerprint is to be checked. */
  get seekOffset(): number {
    return this.#expected?.offset ?? this.fold.next;
  }

  get progressed(): boolean {
    return this.fold.next !== this.saved.offset;
  }

  feed(records: readonly LogRecord[]): Feed<In> {
    return new Feed(records, this.#parts.stage, this.#watermarks);
  }

  /** @throws EngineError FINGERPRINT_DIFFERS */
  #verify(feed: Feed<In>): void {
    while (this.#expected !== null && !feed.done) {
      const record = feed.records[feed.at]!;
      // A bank's own topic may be compacted: then the record may be gone, but never another one.
      if (record.offset > this.#expected.offset && this.#parts.stage.foreignInput === true) {
        this.#expected = null;
        return;
      }
      if (record.offset >= this.#expected.offset) {
        if (!fits(this.#expected, record)) {
          throw new EngineError('FINGERPRINT_DIFFERS', 'The record consumed last is not the one it was.');
        }
        this.#expected = null;
      }
      feed.advance();
    }
  }

  /** Applies the next slice of the records. Its outputs wait in the outbox. */
  async slice(feed: Feed<In>): Promise<void> {
    this.#verify(feed);
    const { limits } = this.#parts;
    const until = Math.min(feed.records.length, feed.at + limits.sliceRecords);
    await this.#readAhead(feed, until);
    const dirtyLimit = this.fold.dirtyCount + limits.sliceDirtyEntries;
    while (!this.fold.run(feed, until, dirtyLimit, limits.sliceOutputBytes)) {
      const wanted = new Set(this.fold.missing);
      // Where one timer lacks its entries, those that fire after it do too.
      this.#readTimersAhead(this.fold.clockAt, Infinity, wanted);
      await this.#load(wanted);
    }
    this.#entries.evict(this.#parts.cacheShare());
  }

  takeOutputs(): readonly Appending[] {
    return this.#outbox.take();
  }

  async #readAhead(feed: Feed<In>, until: number): Promise<void> {
    const wanted = new Set<string>();
    let newest = this.fold.clockAt;
    for (let i = feed.at; i < until; i++) {
      const record = feed.records[i]!;
      if (record.offset < this.fold.next) continue;
      if (record.timestamp > newest) newest = record.timestamp;
      for (const key of feed.prepared(i).keys) if (!this.#entries.holds(key)) wanted.add(key);
    }
    this.#readTimersAhead(newest, timersReadAhead, wanted);
    await this.#load(wanted);
    if (this.#parts.stage.moreKeys !== undefined) await this.#readFurtherAhead(feed, until);
  }

  /** Adds what timers due by then will use, as much as one read takes. */
  #readTimersAhead(at: Instant, most: number, wanted: Set<string>): void {
    const full = wanted.size + this.#parts.limits.readKeys;
    for (const timer of this.#timers.dueBy(at, most)) {
      if (wanted.size >= full) return;
      for (const key of timer.keys) if (!this.#entries.holds(key)) wanted.add(key);
    }
  }

  /** A guess, from the state before the slice; where a step turns out to need others, they are read then. */
  async #readFurtherAhead(feed: Feed<In>, until: number): Promise<void> {
    const wanted = new Set<string>();
    this.#entries.guessing = true;
    for (let i = feed.at; i < until; i++) {
      if (feed.records[i]!.offset < this.fold.next) continue;
      const { kind, input } = feed.prepared(i);
      if (kind !== 'record') continue;
      try {
        for (const key of this.fold.moreKeys(input as In)) if (!this.#entries.holds(key)) wanted.add(key);
      } catch {
        // It will be asked again when the record's turn comes, and what it throws then counts.
      }
    }
    this.#entries.guessing = false;
    await this.#load(wanted);
  }

  async #load(wanted: ReadonlySet<string>): Promise<void> {
    if (wanted.size === 0) return;
    const keys = [...wanted];
    for (let from = 0; from < keys.length; from += this.#parts.limits.readKeys) {
      const some = keys.slice(from, from + this.#parts.limits.readKeys);
      const values = await this.slot.read(this.token, this.version, some);
      if (values === 'fenced') throw new Fenced('read');
      if (this.lost) throw new Lost();
      some.forEach((key, i) => this.#entries.loadCold(key, values[i] ?? null));
    }
  }

  /** So much has changed that the next slice could exceed what one checkpoint may hold. */
  get full(): boolean {
    const { checkpointEntries, checkpointBytes, sliceDirtyEntries } = this.#parts.limits;
    return (
      this.fold.dirtyCount > checkpointEntries - sliceDirtyEntries ||
      2 * this.#entries.dirtyBytes > checkpointBytes ||
      this.fold.poisonPassed
    );
  }

  /** Saves position and changed entries in one step. The outputs of all records applied must have been acknowledged. */
  async checkpoint(release: boolean): Promise<{ readonly entries: number; readonly bytes: number }> {
    const entries = new Map<string, Uint8Array | null>();
    this.#entries.drainInto(entries);
    this.#timers.drainInto(entries);
    this.#watermarks.drainInto(entries);
    const { last } = this.fold;
    const rebuilt = this.#mutedBelow !== undefined && this.fold.next >= this.#mutedBelow;
    if (rebuilt) entries.set(recoveryKey, null);
    const position: Position = {
      offset: this.fold.next,
      fingerprint: last === undefined ? this.saved.fingerprint : fingerprintOf(last),
      generation: this.#generation,
      clockAt: this.fold.clockAt,
    };
    const { token, version } = this;
    const { leaseMs } = this.#parts.limits;
    const answer = this.slot.checkpoint({
      token,
      version,
      position,
      entries,
      leaseMs,
      ...(release ? { release } : {}),
    });
    this.checkpointing = answer.then(
      () => {},
      () => {},
    );
    const result = await answer;
    this.checkpointing = undefined;
    if (result === 'fenced') throw new Fenced('checkpoint');
    this.version = result;
    this.saved = position;
    if (rebuilt) this.#mutedBelow = undefined;
    this.fold.poisonPassed = false;
    let bytes = 0;
    for (const value of entries.values()) bytes += value?.length ?? 0;
    return { entries: entries.size, bytes };
  }

  /** Removes what has expired by the saved clock; by a newer one, a replay would miss it. */
  async sweep(): Promise<void> {
    if ((await this.slot.sweep(this.token, this.version, this.saved.clockAt)) === 'fenced') throw new Fenced('sweep');
    this.#entries.forgetExpired();
  }
}
