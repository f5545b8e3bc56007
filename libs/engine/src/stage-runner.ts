import type {
  Appending,
  Companion,
  Log,
  PartitionBatch,
  SubscribeOptions,
  Subscriber,
  Subscription,
} from '@tocsin/core';
import { LogError } from '@tocsin/core';
import { systemClock } from './engine-clock.ts';
import { EngineError, Lost } from './engine-error.ts';
import { noLogger, noMetrics } from './engine-metrics.ts';
import { defaultLimits } from './engine-options.ts';
import type { StageRunnerOptions } from './engine-options.ts';
import type { Feed } from './feed.ts';
import { PartitionOwner } from './partition-owner.ts';
import type { PartitionStatus } from './partition-status.ts';
import type { PartitionRun } from './partition-run.ts';
import type { RunnerParts } from './runner-parts.ts';

interface Work<In> {
  readonly owner: PartitionOwner<In>;
  readonly run: PartitionRun<In>;
  readonly feed: Feed<In>;
}

interface Written<In> extends Work<In> {
  readonly records: readonly Appending[];
}

/**
 * Refuses a topic that is missing or has another partition count than configured: keys would lie elsewhere.
 * @throws EngineError TOPIC_MISSING, PARTITIONS_DIFFER
 */
export async function verifyTopics(log: Log, partitions: Readonly<Record<string, number>>): Promise<void> {
  for (const [topic, configured] of Object.entries(partitions)) {
    const facts = await log.facts(topic);
    if (facts === undefined) throw new EngineError('TOPIC_MISSING', `Topic ${topic} does not exist.`);
    if (facts.partitions !== configured) {
      throw new EngineError(
        'PARTITIONS_DIFFER',
        `Topic ${topic} has ${facts.partitions} partitions; ${configured} are configured. The count is fixed for its life.`,
      );
    }
  }
}

/** Runs one stage over the partitions that the log assigns to it. */
export class StageRunner<In = unknown> implements Subscriber {
  readonly #parts: RunnerParts<In>;
  readonly #owners = new Map<number, PartitionOwner<In>>();
  /** Partitions that are still being released. */
  readonly #leaving = new Map<number, Promise<void>>();
  #companion: Companion | undefined;
  #subscription: Subscription | undefined;
  #assignedBefore: number[] = [];
  #stopped: Promise<void> | undefined;
  #cancelPulse: () => void = () => {};

  constructor(options: StageRunnerOptions<In>) {
    const limits = { ...defaultLimits, ...options.limits };
    const subscription = (): Subscription => {
      if (this.#subscription === undefined) throw new Lost();
      return this.#subscription;
    };
    const companion = (): Companion | undefined => this.#companion;
    this.#parts = {
      stage: options.stage,
      options,
      group: options.group ?? options.stage.name,
      limits,
      clock: options.clock ?? systemClock,
      metrics: options.metrics ?? noMetrics,
      logger: options.logger ?? noLogger,
      subscription,
      get companion() {
        return companion();
      },
      cacheShare: () => Math.ceil(limits.cacheEntries / Math.max(1, this.#owners.size)),
    };
  }

  /** What to subscribe with, for whoever carries batches here. */
  get subscribeOptions(): SubscribeOptions {
    return { topic: this.#parts.stage.input, group: this.#parts.group };
  }

  get subscriber(): Subscriber {
    return this;
  }

  /**
   * Looks at the topics and opens the companion; to be awaited before subscribing.
   * @throws EngineError TOPIC_MISSING, PARTITIONS_DIFFER; LogError where the log cannot be asked
   */
  async start(): Promise<void> {
    const { options, stage } = this.#parts;
    if (stage.foreignInput === true) {
      if ((await options.log.facts(stage.input)) === undefined) {
        throw new EngineError('TOPIC_MISSING', `Topic ${stage.input} does not exist.`);
      }
    } else if (options.partitions[stage.input] === undefined) {
      throw new EngineError(
        'TOPIC_MISSING',
        `The partition count of the input topic ${stage.input} is not configured.`,
      );
    }
    await verifyTopics(options.log, options.partitions);
    this.#companion ??= options.companion?.();
  }

  /** Hands over the subscription. Partitions that were assigned before wait for it. */
  started(subscription: Subscription): void {
    this.#subscription = subscription;
    this.assigned(this.#assignedBefore);
    this.#assignedBefore = [];
    this.#pulseLater();
  }

  /**
   * Begins no further slice, lets the companion finish, saves and releases every partition. The subscription is to be
   * closed afterwards, by whoever opened it.
   */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#drain());
  }

  async #drain(): Promise<void> {
    this.#cancelPulse();
    for (const owner of this.#owners.values()) owner.close();
    await this.#companion?.drain().catch((error: unknown) => {
      const name = error instanceof Error ? error.name : 'error';
      this.#parts.logger.warn('The companion could not finish.', { stage: this.#parts.stage.name, error: name });
    });
    this.revoked([...this.#owners.keys()]);
    await Promise.all(this.#leaving.values());
  }

  status(): readonly PartitionStatus[] {
    return [...this.#owners.values()].map((owner) => owner.status).sort((a, b) => a.partition - b.partition);
  }

  /** Lets a stopped partition try again, after its cause was seen to. */
  retry(partition: number): void {
    this.#owners.get(partition)?.retry();
  }

  assigned(partitions: readonly number[]): void {
    if (this.#subscription === undefined) {
      this.#assignedBefore.push(...partitions);
      return;
    }
    if (this.#stopped !== undefined) return;
    this.revoked(partitions);
    for (const partition of partitions) {
      const owner = new PartitionOwner(this.#parts, partition);
      this.#owners.set(partition, owner);
      const leaving = this.#leaving.get(partition);
      void (leaving === undefined ? owner.acquire() : leaving.then(() => owner.acquire()));
    }
  }

  revoked(partitions: readonly number[]): void {
    this.#assignedBefore = this.#assignedBefore.filter((partition) => !partitions.includes(partition));
    for (const partition of partitions) {
      const owner = this.#owners.get(partition);
      if (owner === undefined) continue;
      this.#owners.delete(partition);
      const before = this.#leaving.get(partition) ?? Promise.resolve();
      const leaving = Promise.all([before, owner.leave()]).then(() => {
        if (this.#leaving.get(partition) === leaving) this.#leaving.delete(partition);
      });
      this.#leaving.set(partition, leaving);
    }
  }

  failed(partition: number, error: LogError): void {
    this.#owners.get(partition)?.failed(error);
  }

  /**
   * Applies the records of all partitions handed over, slice by slice; the outputs of a slice of all of them go into one
   * append. Never rejects: what goes wrong is a matter between a partition and its owner.
   */
  async batch(batches: readonly PartitionBatch[]): Promise<void> {
    // The acquisition is looked up before anything is awaited: these records are not for a later one.
    let work = batches.flatMap(({ partition, records }): Work<In>[] => {
      const owner = this.#owners.get(partition);
      const run = owner?.run;
      return owner === undefined || run === undefined || records.length === 0
        ? []
        : [{ owner, run, feed: run.feed(records) }];
    });
    const taken = work.map(({ run }) => run.turn);
    for (const turn of taken) await turn.take();
    try {
      for (;;) {
        work = work.filter(({ run, feed }) => !run.lost && !run.closing && !feed.done);
        if (work.length === 0) return;
        await this.#round(work);
      }
    } finally {
      for (const turn of taken) turn.release();
    }
  }

  /** One slice of each partition: apply, append, save what is due. */
  async #round(work: readonly Work<In>[]): Promise<void> {
    await each(work, ({ run, feed }) => run.slice(feed));
    const writers: Written<In>[] = [];
    for (const item of work) {
      const records = item.run.lost ? [] : item.run.takeOutputs();
      if (records.length > 0) writers.push({ ...item, records });
    }
    if (writers.length > 0) await this.#append(writers);
    await each(
      work.filter(({ run }) => !run.lost),
      ({ owner, run }) => owner.sliceDone(run),
    );
  }

  /**
   * What is refused for good concerns one record, and stops a partition: so each one's outputs are then appended alone. What
   * is thereby written twice is a repetition in order.
   */
  async #append(writers: readonly Written<In>[]): Promise<void> {
    const { options, metrics, stage } = this.#parts;
    const outputs: Appending[] = [];
    for (const { records } of writers) for (const record of records) outputs.push(record);
    try {
      await options.log.append(outputs);
      metrics.outputs(stage.name, outputs.length);
    } catch (error) {
      if (writers.length > 1 && error instanceof LogError && error.code === 'TOO_LARGE') {
        for (const writer of writers) if (!writer.run.lost) await this.#append([writer]);
        return;
      }
      for (const { owner, run } of writers) owner.lose(run, error);
    }
  }

  #pulseLater(): void {
    const { clock, limits } = this.#parts;
    this.#cancelPulse = clock.after(limits.pulseMs, () => {
      // Each on its own: a partition whose store does not answer must not hold up the others.
      for (const owner of this.#owners.values()) void owner.pulse();
      this.#pulseLater();
    });
  }
}

/** What fails for one partition is that partition's loss alone. */
async function each<In>(work: readonly Work<In>[], act: (item: Work<In>) => Promise<void>): Promise<void> {
  await Promise.all(
    work.map(async (item) => {
      try {
        await act(item);
      } catch (error) {
        item.owner.lose(item.run, error);
      }
    }),
  );
}

export interface RunningStage<In = unknown> {
  readonly runner: StageRunner<In>;
  /** Drains, releases, leaves the group. */
  stop(): Promise<void>;
}

/**
 * Verifies the topics, subscribes and runs, for whoever needs no transport in between.
 * @throws EngineError TOPIC_MISSING, PARTITIONS_DIFFER; LogError
 */
export async function runStage<In>(options: StageRunnerOptions<In>): Promise<RunningStage<In>> {
  const runner = new StageRunner(options);
  await runner.start();
  const subscription = await options.log.subscribe(runner.subscribeOptions, runner.subscriber);
  runner.started(subscription);
  return {
    runner,
    async stop() {
      await runner.stop();
      await subscription.close();
    },
  };
}
