import type { Instant } from '@tocsin/core';
import { passed } from './engine-clock.ts';
import type { PartitionRun } from './partition-run.ts';
import type { RunnerParts } from './runner-parts.ts';

/** The next offset, and the time of the last record before it. */
interface Reached {
  readonly next: number;
  readonly at: Instant;
}

const reachedBy = <In>({ fold }: PartitionRun<In>): Reached => ({
  next: fold.next,
  at: fold.last?.timestamp ?? fold.clockAt,
});

/** How far one partition is behind its topic. It grows on while the partition waits or stands still, and that is when somebody looks at it. */
export class LagMeter<In> {
  readonly #parts: RunnerParts<In>;
  readonly #partition: number;
  readonly #run: () => PartitionRun<In> | undefined;
  /** How far the last run was, while there is none. */
  #reached: Reached | undefined;
  #measuredAt: Instant = 0;

  constructor(parts: RunnerParts<In>, partition: number, run: () => PartitionRun<In> | undefined) {
    this.#parts = parts;
    this.#partition = partition;
    this.#run = run;
  }

  /** The run is thrown away. */
  lost(run: PartitionRun<In>): void {
    this.#reached = reachedBy(run);
  }

  get #reachedNow(): Reached | undefined {
    const run = this.#run();
    return run === undefined ? this.#reached : reachedBy(run);
  }

  /** `wanted` is asked once more when the log has answered: a partition that was given up meanwhile reports nothing. */
  async measureIfDue(now: Instant, wanted: () => boolean): Promise<void> {
    const { options, stage, metrics, limits } = this.#parts;
    if (!passed(now, this.#measuredAt, limits.lagMs) || this.#reachedNow === undefined) return;
    this.#measuredAt = now;
    const bounds = await options.log.bounds(stage.input, this.#partition).catch(() => undefined);
    const reached = this.#reachedNow;
    if (bounds === undefined || reached === undefined || !wanted()) return;
    const records = Math.max(0, bounds.end - reached.next);
    const seconds = records === 0 || reached.at === 0 ? 0 : Math.max(0, now - reached.at) / 1_000;
    metrics.lag(stage.name, this.#partition, records, seconds);
  }
}
