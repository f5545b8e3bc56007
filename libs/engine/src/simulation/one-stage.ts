import { partitionOf } from '@tocsin/core';
import type { Appended, LogRecord, Stage } from '@tocsin/core';
import type { EngineLogger, EngineMetrics } from '../engine-metrics.ts';
import { noLogger, noMetrics } from '../engine-metrics.ts';
import { defaultLimits } from '../engine-options.ts';
import type { StageRunnerOptions } from '../engine-options.ts';
import type { PartitionStatus } from '../partition-status.ts';
import { runStage } from '../stage-runner.ts';
import type { RunningStage } from '../stage-runner.ts';
import { SimulatedClock, settle } from './simulated-clock.ts';
import { SimulatedHost } from './simulated-host.ts';
import type { FaultPlan } from './simulated-host.ts';
import { SimulatedLog } from './simulated-log.ts';
import { SimulatedStateStore } from './simulated-state-store.ts';
import { strictStage } from './strict-stage.ts';

const decoder = new TextDecoder();

export const textOf = (bytes: Uint8Array | null | undefined): string => decoder.decode(bytes ?? new Uint8Array());
export const valueOf = <T>(record: LogRecord | undefined): T => JSON.parse(textOf(record?.value)) as T;

/** One stage on one host, on a log, a store and a clock of its own: how a stage is tried out in a test. */
export class OneStage<In> {
  readonly clock = new SimulatedClock();
  readonly log = new SimulatedLog({ clock: this.clock });
  readonly store = new SimulatedStateStore(this.clock);
  readonly #stage: Stage<In>;
  readonly #partitions: Readonly<Record<string, number>>;
  #running: RunningStage<In> | undefined;
  /** Lines of the log that the engine wrote, with their fields. */
  readonly lines: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  /** Every call of the metrics sink: its name and its arguments. */
  readonly metrics: (readonly [name: string, ...values: unknown[]])[] = [];

  /** `partitions`: the stage's topics, the one for dead letters included. They are created. */
  constructor(stage: Stage<In>, partitions: Readonly<Record<string, number>>) {
    this.#stage = strictStage(stage);
    this.#partitions = partitions;
    const specs = Object.entries(partitions).map(([name, count]) => ({
      name,
      partitions: count,
      cleanup: 'delete' as const,
    }));
    void this.log.createTopics(specs);
  }

  /** Starts the stage on a new host, and lets it read what is there. */
  async start(options: Partial<StageRunnerOptions<In>> & { readonly plan?: FaultPlan } = {}): Promise<SimulatedHost> {
    const { plan, ...rest } = options;
    const host = new SimulatedHost(this.clock, this.log, this.store, plan);
    const line: EngineLogger['info'] = (message, fields) => void this.lines.push({ message, fields });
    const noting = { ...noMetrics };
    for (const name of Object.keys(noting) as (keyof EngineMetrics)[]) {
      noting[name] = (...values: unknown[]) => void this.metrics.push([name, ...values]);
    }
    this.#running = await runStage<In>({
      stage: this.#stage,
      log: host.log,
      state: host.state,
      clock: host.clock,
      partitions: this.#partitions,
      ...('dead-letters' in this.#partitions ? { deadLettersTopic: 'dead-letters' } : {}),
      logger: { ...noLogger, info: line, warn: line, error: line },
      metrics: noting,
      ...rest,
      limits: { ...defaultLimits, lagMs: 3_600_000, ...rest.limits },
    });
    await settle();
    return host;
  }

  get runner(): RunningStage<In>['runner'] {
    return this.#running!.runner;
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  status(partition = 0): PartitionStatus | undefined {
    return this.runner.status().find((status) => status.partition === partition);
  }

  /** Appends records to the stage's input (text as it is, anything else as JSON), and lets the stage read them. */
  async append(
    values: readonly unknown[],
    options: { readonly key?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<readonly Appended[]> {
    const { key = 't:1', headers = {} } = options;
    const topic = this.#stage.input;
    const partition = partitionOf(key, this.#partitions[topic]!);
    const appended = await this.log.append(
      values.map((value) => ({
        topic,
        partition,
        key,
        value: typeof value === 'string' ? value : JSON.stringify(value),
        headers,
      })),
    );
    await settle();
    return appended;
  }
}
