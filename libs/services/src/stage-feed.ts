import { StageRunner } from '@tocsin/engine';
import type { PartitionStatus } from '@tocsin/engine';
import type { Companion, Log, Stage } from '@tocsin/core';
import { topicNames } from '@tocsin/core';
import { engineMetrics, setPartitionMetrics, zeroEngineMetrics } from '@tocsin/nest';
import type { Feed } from '@tocsin/nest';
import { KnownPositions } from './known-positions.ts';
import { groupOf } from './recovery/installed-stages.ts';
import { lookEveryMs } from './recovery/retry-requests.ts';
import { RetryWatch } from './recovery/retry-watch.ts';
import type { ServiceContext } from './service.ts';

export interface StageFeedOptions<In> extends ServiceContext {
  /** Which Nest handler takes the batches. */
  readonly pattern: string;
  readonly stage: Stage<In>;
  /** The log to work on, when the input lies on another cluster (see `readingFrom`). */
  readonly log?: Log;
  readonly companion?: () => Companion;
  /** Where a partition without a position begins. Default: with the first record that is kept. */
  readonly startAt?: 'earliest' | 'latest' | { readonly at: number };
}

/** A stage as the transport feeds it, watched by health. */
export interface StageFeed extends Feed {
  readonly status: () => readonly PartitionStatus[];
}

export function stageFeed<In>(options: StageFeedOptions<In>): StageFeed {
  const { platform, stage, metrics, logger, pattern } = options;
  const { installation, limits, sessionTimeoutMs } = platform;
  const log = options.log ?? platform.log;
  const runner = new StageRunner({
    stage,
    log,
    state: platform.state,
    partitions: platform.partitions,
    group: groupOf(installation, stage.name),
    deadLettersTopic: topicNames.deadLetters,
    limits,
    metrics: engineMetrics(metrics),
    logger,
    ...(options.companion === undefined ? {} : { companion: options.companion }),
    ...(options.startAt === undefined ? {} : { startAt: options.startAt }),
  });
  zeroEngineMetrics(metrics, stage.name);
  metrics.beforeScrape(() => setPartitionMetrics(metrics, stage.name, runner.status(), Date.now()));
  const retries = new RetryWatch({ stage: stage.name, store: platform.shortTerm, runner, logger });
  const positions = new KnownPositions(platform.state, stage.name);
  let looking: NodeJS.Timeout | undefined;
  let waiting: string | undefined = 'not subscribed yet';
  options.dependencies.add({
    name: stage.name,
    check: () => {
      if (waiting !== undefined) return Promise.reject(new Error(waiting));
      const stopped = runner.status().filter(({ state }) => state === 'stopped');
      if (stopped.length > 0) {
        const what = stopped
          .map(({ partition, reason }) => `partition ${partition}: ${reason ?? 'stopped'}`)
          .join('; ');
        return Promise.reject(new Error(`${what}. See "tocsin doctor".`));
      }
      const running = runner.status().filter(({ state }) => state === 'running');
      void positions.look(running.map(({ partition }) => partition));
      const [lost] = positions.lost;
      if (lost === undefined) return Promise.resolve();
      return Promise.reject(
        new Error(
          `partition ${lost}: the store has lost its position, and it will stop with its next record (STATE_EMPTY).`,
        ),
      );
    },
  });
  return {
    pattern,
    status: () => runner.status(),
    options: { ...runner.subscribeOptions, sessionTimeoutMs },
    ...(options.log === undefined ? {} : { log: options.log }),
    subscriber: runner.subscriber,
    prepare: async () => {
      try {
        await runner.start();
        const partitions = platform.partitions[stage.input] ?? (await log.facts(stage.input))?.partitions ?? 0;
        metrics.set('stage_partitions', { stage: stage.name }, partitions);
        waiting = 'not subscribed yet';
      } catch (error) {
        waiting = error instanceof Error ? error.message : String(error);
        throw error;
      }
    },
    started: (subscription) => {
      waiting = undefined;
      runner.started(subscription);
      looking = setInterval(() => void retries.look(), lookEveryMs).unref();
    },
    stop: () => {
      clearInterval(looking);
      return runner.stop();
    },
  };
}
