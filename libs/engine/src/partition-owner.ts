import type { Instant, LogErrorCode, Span } from '@tocsin/core';
import { LogError } from '@tocsin/core';
import { placesOf } from './dead-letter.ts';
import { DeadLetterLimit } from './dead-letter-limit.ts';
import { EngineError, Fenced, Poisoned, replayCause, stops } from './engine-error.ts';
import type { EngineErrorCode } from './engine-error.ts';
import { acquireRun } from './acquisition.ts';
import { CheckpointPace } from './checkpoint-pace.ts';
import { passed } from './engine-clock.ts';
import { LagMeter } from './lag-meter.ts';
import type { PartitionRun } from './partition-run.ts';
import type { PartitionState, PartitionStatus } from './partition-status.ts';
import { RunView } from './partition-view.ts';
import type { RunnerParts } from './runner-parts.ts';
import { tick } from './tick.ts';

/** After so long without a record, a stage that only writes counts as having caught up. */
const quietMs = 5_000;
const stoppingLogErrors: ReadonlySet<LogErrorCode> = new Set(['BEYOND_END', 'BEFORE_START', 'RECREATED']);

/** One assignment of one partition: acquires, and acquires again after whatever goes wrong, until it is revoked. */
export class PartitionOwner<In> {
  readonly partition: number;
  readonly #parts: RunnerParts<In>;
  readonly #checkpoints: CheckpointPace;
  readonly #lag: LagMeter<In>;
  /** Survives a replay: where a step threw, and why. */
  readonly #poison = new Map<string, string>();
  #deadLetters = new DeadLetterLimit();
  #run: PartitionRun<In> | undefined;
  #view: RunView<In> | undefined;
  #state: PartitionState = 'acquiring';
  #reason: string | null = null;
  #gone = false;
  #cancelWait: () => void = () => {};
  #failures = 0;
  #acquiredAt: Instant = 0;
  #tickedAt: Instant = 0;
  #fedSincePulse = false;
  #pulsing = false;
  #dropped = 0;

  constructor(parts: RunnerParts<In>, partition: number) {
    this.#parts = parts;
    this.partition = partition;
    // Where a plan assigns partitions, the lease is all that keeps others away.
    this.#checkpoints = new CheckpointPace(parts.limits, partition, parts.options.takeOver === false);
    this.#lag = new LagMeter(parts, partition, () => this.#run);
  }

  /** The acquisition that may process at this moment. */
  get run(): PartitionRun<In> | undefined {
    return this.#run?.closing === false ? this.#run : undefined;
  }

  get status(): PartitionStatus {
    const run = this.#run;
    return {
      partition: this.partition,
      state: this.#state,
      reason: this.#reason,
      offset: run?.fold.next ?? null,
      clockAt: run?.fold.clockAt ?? null,
      dirty: run?.fold.dirtyCount ?? 0,
      checkpointAt: run?.checkpointAt ?? null,
      unsavedSince: this.#checkpoints.unsavedSince,
      dropped: this.#dropped,
    };
  }

  async acquire(): Promise<void> {
    if (this.#gone) return;
    this.#state = 'acquiring';
    const { partition } = this;
    try {
      const run = await acquireRun(this.#parts, { partition, poison: this.#poison, deadLetters: this.#deadLetters });
      if (this.#gone) return;
      if ('busyMs' in run) this.#wait('another owner holds the slot', run.busyMs);
      else this.#begin(run);
    } catch (error) {
      const run = this.#run;
      if (run === undefined) this.#recover(error);
      else this.lose(run, error);
    }
  }

  #begin(run: PartitionRun<In>): void {
    const now = this.#parts.clock.now();
    this.#parts.subscription().seek(this.partition, run.seekOffset);
    this.#run = run;
    this.#view = new RunView(this.#parts, run, (error) => this.lose(run, error));
    this.#checkpoints.begin(now);
    this.#acquiredAt = now;
    this.#state = 'catching-up';
    this.#reason = null;
    this.#parts.metrics.stopped(this.#parts.stage.name, this.partition, null);
    this.#lookWhetherCaughtUp(run);
  }

  /** The outputs of the slice are acknowledged: count, save when due, tell the companion. */
  async sliceDone(run: PartitionRun<In>): Promise<void> {
    const { metrics, stage, companion } = this.#parts;
    const { counts, decisions } = run.fold.takeCounts();
    if (counts.processed > 0) metrics.records(stage.name, 'processed', counts.processed);
    if (counts.ticks > 0) metrics.records(stage.name, 'tick', counts.ticks);
    if (counts.deadLetters > 0) metrics.records(stage.name, 'dead-letter', counts.deadLetters);
    if (counts.reproduced > 0) metrics.dropped(stage.name, 'reproduced', counts.reproduced);
    if (counts.alreadyConsumed > 0) metrics.dropped(stage.name, 'already-consumed', counts.alreadyConsumed);
    decisions.report((name, labels, by) => metrics.count(name, labels, by));
    this.#dropped += counts.reproduced;
    this.#fedSincePulse = true;
    await this.#saveIfDue(run);
    if (run.lost || run.closing) return;
    if (run.caughtUp) companion?.changed(this.#view!);
    else this.#lookWhetherCaughtUp(run);
  }

  #lookWhetherCaughtUp(run: PartitionRun<In>): void {
    if (run.verified && run.fold.next >= run.end) this.#caughtUp(run);
  }

  #caughtUp(run: PartitionRun<In>): void {
    run.caughtUp = true;
    this.#state = 'running';
    this.#parts.companion?.caughtUp(this.#view!);
  }

  async #saveIfDue(run: PartitionRun<In>): Promise<void> {
    const now = this.#parts.clock.now();
    if (!this.#checkpoints.isDue(now, run)) return;
    await this.#save(run, false);
    if (!this.#checkpoints.takeTurn(now)) return;
    this.#deadLetters.checkpointed();
    if (this.#checkpoints.takeSweep(now)) await run.sweep();
  }

  async #save(run: PartitionRun<In>, release: boolean): Promise<void> {
    const { clock, metrics, stage } = this.#parts;
    const startedAt = clock.now();
    const { entries, bytes } = await run.checkpoint(release);
    const now = clock.now();
    this.#checkpoints.saved(now);
    run.checkpointAt = now;
    this.#failures = 0;
    metrics.checkpoint(stage.name, this.partition, now - startedAt, entries, bytes);
    const { offset } = run.saved;
    for (const place of this.#poison.keys()) if (Number.parseInt(place, 10) < offset) this.#poison.delete(place);
    // Outputs are held back up to the group's offset: so it stays where it was until all of them are there again.
    if (!run.rebuilding) this.#commit(offset);
  }

  /**
   * The group's offset is a measure of lag, no more: that it cannot be written now changes nothing, since an acquisition
   * has seen to it that there is one. Nobody waits for it; a log gathers what is committed, and writes the last of it when
   * the subscription is closed.
   */
  #commit(offset: number): void {
    try {
      this.#parts
        .subscription()
        .commit(this.partition, offset)
        .catch(() => {});
    } catch {
      // Not subscribed yet.
    }
  }

  /** Throws away the memory of this acquisition; what follows depends on the cause. */
  lose(run: PartitionRun<In>, cause: unknown): void {
    if (run.lost) return;
    run.lost = true;
    this.#parts.companion?.lost(this.#view!);
    if (this.#run !== run || this.#gone) return;
    this.#run = undefined;
    this.#lag.lost(run);
    try {
      this.#parts.subscription().pause(this.partition);
    } catch {
      // A client that is rebuilding itself cannot pause; batches without a run are ignored anyway.
    }
    this.#recover(cause);
  }

  #recover(cause: unknown): void {
    if (this.#gone) return;
    const { metrics, limits, stage } = this.#parts;
    const { partition } = this;
    if (stops(cause)) {
      this.#stop(cause.code);
      return;
    }
    metrics.replayed(stage.name, partition, replayCause(cause));
    if (cause instanceof Poisoned) {
      this.#poison.set(cause.place, cause.reason);
      const fields = { stage: stage.name, partition, place: cause.place.split('/')[0], at: placesOf(cause.cause) };
      this.#parts.logger.error('A step failed; its record becomes a dead letter.', fields);
      this.#wait(cause.reason, 0);
    } else if (cause instanceof Fenced) {
      metrics.fenced(stage.name, partition);
      this.#wait('another owner took the slot', limits.fencedWaitMs);
    } else if (cause instanceof LogError && cause.code === 'TOO_LARGE') {
      this.#stop('OUTPUT_REFUSED');
    } else {
      const span = Math.min(limits.retryMostMs, limits.retryMs * 2 ** this.#failures++);
      const reason = cause instanceof LogError ? cause.code : cause instanceof Error ? cause.name : 'error';
      this.#parts.logger.warn('A partition is replayed.', { stage: stage.name, partition, reason, inMs: span });
      this.#wait(reason, span);
    }
  }

  #wait(reason: string, span: Span): void {
    if (this.#gone) return;
    this.#state = 'waiting';
    this.#reason = reason;
    this.#cancelWait = this.#parts.clock.after(span, () => {
      // A late owner must not take the slot back from the right one.
      if (this.#parts.subscription().assigns(this.partition)) void this.acquire();
      else this.#wait('the group does not assign the partition', this.#parts.limits.fencedWaitMs);
    });
  }

  #stop(code: EngineErrorCode): void {
    this.#state = 'stopped';
    this.#reason = code;
    this.#parts.metrics.stopped(this.#parts.stage.name, this.partition, code);
    this.#parts.logger.error('A partition stopped; it needs a decision.', {
      stage: this.#parts.stage.name,
      partition: this.partition,
      code,
    });
  }

  /** A person decided that a stopped partition may try again. */
  retry(): void {
    if (this.#state !== 'stopped' || this.#gone) return;
    this.#deadLetters = new DeadLetterLimit();
    void this.acquire();
  }

  /** The log cannot be read from where it was told to. */
  failed(error: LogError): void {
    const run = this.#run;
    const code = error.code;
    // Retention may have removed the record to compare with after its bounds were asked: then the next look decides.
    const outrun = code === 'BEFORE_START' && run !== undefined && (!run.verified || run.rebuilding);
    const cause =
      stoppingLogErrors.has(code) && !outrun
        ? new EngineError(code as 'BEYOND_END' | 'BEFORE_START' | 'RECREATED', error.message, { cause: error })
        : error;
    if (run === undefined) return;
    if (cause instanceof EngineError) void this.#saveAndLose(run, error, cause);
    else this.lose(run, cause);
  }

  /**
   * What was applied stands, with its outputs. Saved now, nothing of it is in doubt when a person lets the partition go on
   * with another log: in `deliver`, no attempt is forgotten that was sent. A topic that was created anew before anything of
   * it was read is looked at once more: perhaps there is nothing to lose, or it was accepted already and only this member
   * had not heard of it.
   */
  async #saveAndLose(run: PartitionRun<In>, error: LogError, cause: EngineError): Promise<void> {
    await run.turn.take();
    try {
      if (!run.lost && run.verified) await this.#save(run, false);
    } catch {
      // Then the checkpoint before stands.
    } finally {
      run.turn.release();
    }
    const { offset, fingerprint } = run.saved;
    const untouched = run.fold.last === undefined && (fingerprint !== null || offset === 0);
    this.lose(run, error.code === 'RECREATED' && untouched ? error : cause);
  }

  /** Paced work between batches: a checkpoint, a tick, the lag. */
  async pulse(): Promise<void> {
    const run = this.run;
    if (this.#pulsing) return;
    this.#pulsing = true;
    try {
      if (run !== undefined) await this.#pace(run);
      else if (!this.#gone) await this.#measureIfDue(this.#parts.clock.now());
    } finally {
      this.#pulsing = false;
    }
  }

  async #pace(run: PartitionRun<In>): Promise<void> {
    const now = this.#parts.clock.now();
    const fed = this.#fedSincePulse;
    this.#fedSincePulse = false;
    if (run.turn.tryTake()) {
      try {
        await this.#saveIfDue(run);
      } catch (error) {
        this.lose(run, error);
      } finally {
        run.turn.release();
      }
    }
    if (run.lost || run.closing) return;
    if (!fed && !run.held) await this.#tickIfDue(run, now);
    // The end of a transactional topic is a marker that nobody is handed. Only who acts on the outside must be sure.
    const quiet = !fed && passed(now, this.#acquiredAt, quietMs);
    if (!run.caughtUp && quiet && this.#parts.companion === undefined) this.#caughtUp(run);
    await this.#measureIfDue(now);
  }

  async #tickIfDue(run: PartitionRun<In>, now: Instant): Promise<void> {
    const due = run.nextTimerDue;
    if (due === undefined || due > now || !passed(now, this.#tickedAt, this.#parts.limits.tickMs)) return;
    this.#tickedAt = now;
    // A tick that is lost is followed by another one.
    await this.#parts.options.log.append([tick(this.#parts.stage.input, this.partition)]).catch(() => {});
  }

  #measureIfDue(now: Instant): Promise<void> {
    return this.#lag.measureIfDue(now, () => !this.#gone);
  }

  /** Revoked: begins nothing more. With `release` the last checkpoint also gives the slot up, where that is still possible. */
  async leave(): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    this.#cancelWait();
    this.#parts.metrics.left(this.#parts.stage.name, this.partition);
    const run = this.#run;
    if (run === undefined || run.lost) return;
    run.closing = true;
    this.#parts.companion?.lost(this.#view!);
    await run.turn.take();
    try {
      if (!run.lost) await this.#save(run, true);
    } catch {
      // Whoever owns the partition now replays from the checkpoint before.
    } finally {
      run.lost = true;
      run.turn.release();
    }
  }

  /** Shutting down: no further slice, but the companion may still finish what it has begun. */
  close(): void {
    const run = this.#run;
    if (run !== undefined) run.closing = true;
  }
}
