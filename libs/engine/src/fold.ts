import type { Count, Instant, LogRecord, Output, Stage, StepContext, Timer } from '@tocsin/core';
import { LogError } from '@tocsin/core';
import { nameOf } from './dead-letter.ts';
import type { DeadLetterLimit } from './dead-letter-limit.ts';
import { DecisionCounts } from './decision-counts.ts';
import { EngineError, Poisoned, stops } from './engine-error.ts';
import type { EntryTable } from './entry-table.ts';
import type { Feed, Prepared } from './feed.ts';
import type { Outbox } from './outbox.ts';
import type { TimerQueue } from './timer-queue.ts';
import { isAbove } from './watermarks.ts';
import type { Watermarks } from './watermarks.ts';

/*
 * Timers that set one another without end are noticed by how many fire for one record, and sooner by how often one fires
 * that was due before the last one, which only a timer that has just been set can be.
 */
const mostTimersOfOneRecord = 1_000_000;
const mostTimersOutOfOrder = 10_000;

/** What a slice did, for the metrics; only counted once its outputs are acknowledged. */
export interface SliceCounts {
  processed: number;
  ticks: number;
  deadLetters: number;
  reproduced: number;
  alreadyConsumed: number;
}

const zero = (): SliceCounts => ({ processed: 0, ticks: 0, deadLetters: 0, reproduced: 0, alreadyConsumed: 0 });

const isBefore = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.key <= b.key);

export interface FoldParts<In> {
  readonly stage: Stage<In>;
  readonly partition: number;
  readonly entries: EntryTable;
  readonly timers: TimerQueue;
  readonly watermarks: Watermarks;
  readonly outbox: Outbox;
  /** Places where a step threw before, with the reason: a dead letter is made of them instead. */
  readonly poison: ReadonlyMap<string, string>;
  readonly deadLetters: DeadLetterLimit;
}

/**
 * The synchronous heart: applies records to the state of one partition, one after the other. It stops in the middle of a
 * record where an entry is not in memory, and goes on exactly there once it is.
 */
export class Fold<In> implements StepContext {
  readonly #stage: Stage<In>;
  readonly #outbox: Outbox;
  readonly #watermarks: Watermarks;
  readonly #poison: ReadonlyMap<string, string>;
  readonly #deadLetters: DeadLetterLimit;
  readonly partition: number;
  readonly entries: EntryTable;
  readonly timers: TimerQueue;

  at: Instant = 0;
  recordAt: Instant = 0;
  offset = -1;

  /** The next input offset. */
  next: number;
  /** The record consumed last. */
  last: LogRecord | undefined;
  /** Entries to load before `run` is called again. */
  readonly missing: string[] = [];
  /** A dead letter was made of a known poison: worth saving at once, so that it is never met again. */
  poisonPassed = false;
  counts = zero();
  decisions = new DecisionCounts();

  /** Offset of the record that is under way. */
  #begun = -1;
  #timersFired = 0;
  #timersOutOfOrder = 0;
  #lastTimer: Timer | undefined;

  constructor(parts: FoldParts<In>, next: number, clockAt: Instant) {
    this.#stage = parts.stage;
    this.#outbox = parts.outbox;
    this.#watermarks = parts.watermarks;
    this.#poison = parts.poison;
    this.#deadLetters = parts.deadLetters;
    this.partition = parts.partition;
    this.entries = parts.entries;
    this.timers = parts.timers;
    this.next = next;
    this.entries.clockAt = clockAt;
  }

  get clockAt(): Instant {
    return this.entries.clockAt;
  }

  get dirtyCount(): number {
    return this.entries.dirtyCount + this.timers.dirtyCount + this.#watermarks.dirtyCount;
  }

  readonly emit = (output: Output): void => this.#outbox.emit(output);

  readonly count: Count = (name, labels) => this.decisions.add(name, labels);

  /** Applies records until the slice is full (true), or until `missing` names entries to be loaded first (false). */
  run(feed: Feed<In>, until: number, dirtyLimit: number, outputBytesLimit: number): boolean {
    this.missing.length = 0;
    while (feed.at < until) {
      const record = feed.records[feed.at]!;
      if (record.offset < this.next) {
        this.counts.alreadyConsumed++;
        feed.advance();
        continue;
      }
      if (record.offset > this.next && this.#stage.foreignInput !== true) {
        throw new LogError('UNAVAILABLE', `The log left out what stands at ${this.next}; a topic of ours has no gaps.`);
      }
      const prepared = feed.prepared(feed.at);
      if (record.offset !== this.#begun && !this.#begin(record, prepared)) {
        this.#consumed(feed, record);
        continue;
      }
      if (!this.#fireTimers(record) || !this.#apply(record, prepared)) return false;
      this.#consumed(feed, record);
      if (this.poisonPassed || this.#outbox.bytes >= outputBytesLimit || this.dirtyCount >= dirtyLimit) return true;
    }
    return true;
  }

  /** What was counted since the last call. */
  takeCounts(): { readonly counts: SliceCounts; readonly decisions: DecisionCounts } {
    const { counts, decisions } = this;
    this.counts = zero();
    if (!decisions.isEmpty) this.decisions = new DecisionCounts();
    return { counts, decisions };
  }

  #consumed(feed: Feed<In>, record: LogRecord): void {
    this.next = record.offset + 1;
    this.last = record;
    this.#begun = -1;
    feed.advance();
  }

  /** False: a re-production, of which nothing is taken but the offset. */
  #begin(record: LogRecord, { provenance, watermark }: Prepared<In>): boolean {
    if (provenance !== undefined && watermark !== undefined) {
      if (!isAbove(provenance, watermark)) {
        this.counts.reproduced++;
        return false;
      }
      this.#watermarks.raise(watermark, provenance);
    }
    this.#begun = record.offset;
    this.#timersFired = 0;
    this.#timersOutOfOrder = 0;
    this.#lastTimer = undefined;
    this.offset = record.offset;
    this.recordAt = record.timestamp;
    if (record.timestamp > this.entries.clockAt) this.entries.clockAt = record.timestamp;
    this.#outbox.begin(record);
    this.#deadLetters.record(record.offset);
    return true;
  }

  #fireTimers(record: LogRecord): boolean {
    for (;;) {
      const timer = this.timers.peek();
      if (timer === undefined || timer.due > this.entries.clockAt) return true;
      this.entries.nextStep();
      if (!this.entries.admit(timer.keys, this.missing)) return false;
      this.timers.take();
      if (this.#lastTimer !== undefined && isBefore(timer, this.#lastTimer)) this.#timersOutOfOrder++;
      this.#lastTimer = timer;
      if (++this.#timersFired > mostTimersOfOneRecord || this.#timersOutOfOrder > mostTimersOutOfOrder) {
        throw new EngineError('TIMER_LOOP', 'Timers set one another without end.');
      }
      this.#fire(record, timer);
    }
  }

  #fire(record: LogRecord, timer: Timer): void {
    const place = this.#poison.size === 0 ? undefined : `${record.offset}/${timer.key}`;
    const known = place === undefined ? undefined : this.#poison.get(place);
    if (place !== undefined && known !== undefined) {
      this.#died(place);
      this.poisonPassed = true;
      this.#outbox.timerFailed(known);
      return;
    }
    this.at = timer.due;
    try {
      if (this.#stage.onTimer === undefined) throw new EngineError('TIMER_INVALID', 'The stage has no onTimer.');
      this.#stage.onTimer(this, timer);
    } catch (error) {
      if (stops(error)) throw error;
      throw new Poisoned(`${record.offset}/${timer.key}`, `A timer failed: ${nameOf(error)}.`, error);
    }
  }

  /** False: entries are missing. */
  #apply(record: LogRecord, { kind, input, keys, error }: Prepared<In>): boolean {
    if (kind === 'tick') {
      this.counts.ticks++;
      return true;
    }
    if (kind !== 'record') {
      this.#refuse(record, 'unreadable', `The record cannot be read: ${nameOf(error)}.`);
      return true;
    }
    const place = this.#poison.size === 0 ? undefined : `${record.offset}`;
    const known = place === undefined ? undefined : this.#poison.get(place);
    if (known !== undefined) {
      this.poisonPassed = true;
      this.#refuse(record, 'step-failed', known);
      return true;
    }
    this.entries.nextStep();
    if (!this.entries.admit(keys, this.missing)) return false;
    if (this.#stage.moreKeys !== undefined) {
      try {
        if (!this.entries.admit(this.moreKeys(input as In), this.missing)) return false;
      } catch (failure) {
        this.#refuse(record, 'unreadable', `The entries of the record cannot be named: ${nameOf(failure)}.`);
        return true;
      }
    }
    this.at = this.entries.clockAt;
    try {
      this.#stage.step(this, input as In);
    } catch (failure) {
      if (stops(failure)) throw failure;
      throw new Poisoned(`${record.offset}`, `The step failed: ${nameOf(failure)}.`, failure);
    }
    this.counts.processed++;
    return true;
  }

  /** What the stage names once the first entries are there. They must have been admitted. */
  moreKeys(input: In): readonly string[] {
    this.entries.readOnly = true;
    try {
      return this.#stage.moreKeys!(input, this.entries);
    } finally {
      this.entries.readOnly = false;
    }
  }

  /** A dead letter for a record of which nothing was applied. */
  #refuse(record: LogRecord, kind: 'step-failed' | 'unreadable', reason: string): void {
    this.#died(`${record.offset}`);
    this.#outbox.recordFailed(kind, reason);
  }

  #died(place: string): void {
    this.counts.deadLetters++;
    this.#deadLetters.deadLetter(place);
    if (this.#deadLetters.exceeded) {
      throw new EngineError('DEAD_LETTERS', 'Too many records cannot be processed.');
    }
  }
}
