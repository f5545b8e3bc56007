import type { Companion, PartitionView } from '@tocsin/core';
import { backlogOf } from './backlog.ts';
import type { Backlog } from './backlog.ts';
import { executorClock } from './executor-clock.ts';
import { defaultExecutorLimits } from './executor-options.ts';
import type { ExecutorOptions } from './executor-options.ts';
import { slackMs } from './attempt-book.ts';
import { OutcomeWriter } from './outcome-writer.ts';
import type { ExecutorRuntime } from './own-attempt.ts';
import { Pace } from './pace.ts';
import { PartitionExecutor } from './partition-executor.ts';
import { RateShare } from './rate-share.ts';
import { Slots } from './slots.ts';

export interface DeliveryCompanion extends Companion {
  /** Over the partitions that have caught up. */
  backlog(): Backlog;
}

/**
 * The acting half of `deliver`, for one channel and lane: it looks at the jobs that the fold has reached and sends what is
 * due. It appends the attempt, sends only once the fold shows that this attempt is the one that stands, asks the barriers
 * immediately before, and appends the outcome. So the log, not this process, decides who sends: an owner that wakes up too
 * late finds another's attempt standing and stays silent.
 */
export function deliveryCompanion(options: ExecutorOptions): DeliveryCompanion {
  const executors = new Map<PartitionView, PartitionExecutor>();
  const clock = options.clock ?? executorClock;
  const limits = { ...defaultExecutorLimits, ...options.limits };
  const wakeAll = (): void => {
    for (const executor of executors.values()) executor.wake();
  };
  const slots = new Slots(limits.concurrency, clock, wakeAll);
  const rate = new RateShare(options, clock, limits.urgentShare);
  const looks = new Pace(limits.restMs, clock);
  const appends = new Pace(limits.restMs, clock);
  const patienceMs = limits.attemptDeadlineMs + slackMs;
  const writers = new Map<number, OutcomeWriter>();
  const outcomesOf = (partition: number): OutcomeWriter => {
    const known = writers.get(partition);
    if (known !== undefined) return known;
    const writer = new OutcomeWriter({ clock, appends, patienceMs, logger: options.logger });
    writers.set(partition, writer);
    return writer;
  };
  const busy = new Set<string>();
  const runtime: ExecutorRuntime = { options, clock, limits, busy, slots, rate, looks, appends, outcomesOf, wakeAll };

  return {
    backlog: () => backlogOf(executors.keys(), runtime.clock.now()),
    caughtUp(view) {
      if (executors.has(view)) return executors.get(view)!.changed();
      const executor = new PartitionExecutor(runtime, view);
      executors.set(view, executor);
      executor.changed();
    },
    changed(view) {
      executors.get(view)?.changed();
    },
    lost(view) {
      executors.get(view)?.lost();
      executors.delete(view);
    },
    async drain() {
      await Promise.all([...executors.values()].map((executor) => executor.drain()));
      // What is left is of partitions that are lost: tried once more, but nobody waits for a log that is away.
      await Promise.all([...writers.values()].map((writer) => writer.settled(0)));
    },
  };
}
