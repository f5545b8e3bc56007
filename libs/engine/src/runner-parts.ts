import type { Companion, Stage, Subscription } from '@tocsin/core';
import type { EngineClock } from './engine-clock.ts';
import type { EngineLogger, EngineMetrics } from './engine-metrics.ts';
import type { EngineLimits, StageRunnerOptions } from './engine-options.ts';

/** What the parts of one runner have in common. */
export interface RunnerParts<In> {
  readonly stage: Stage<In>;
  readonly options: StageRunnerOptions<In>;
  readonly group: string;
  readonly limits: EngineLimits;
  readonly clock: EngineClock;
  readonly metrics: EngineMetrics;
  readonly logger: EngineLogger;
  /** Set before anything is acquired. */
  readonly subscription: () => Subscription;
  readonly companion: Companion | undefined;
  /** How many clean cold entries one partition may keep at this moment. */
  readonly cacheShare: () => number;
}
