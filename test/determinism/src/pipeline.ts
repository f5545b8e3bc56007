import type { Appending, Log, LogRecord, Stage, StateStore } from '@tocsin/core';
import { partitionOf, topicNames } from '@tocsin/core';
import {
  SimulatedClock,
  SimulatedHost,
  SimulatedLog,
  SimulatedStateStore,
  runStage,
  settle,
  strictStage,
} from '@tocsin/engine';
import type { EngineLimits, FaultPlan, RunningStage } from '@tocsin/engine';
import { partitions, realStages } from './stages.ts';

/** Takes no part in what is tested. */
const outOfTheWay = { lagMs: 1e12 };

export interface PipelineOptions {
  /** What the clock of the machines shows at the beginning. */
  readonly startAt?: number;
  /** Gives records their append time. Default: the clock of the machines. */
  readonly appendedAt?: () => number;
  readonly cut?: (available: number) => number;
  readonly broken?: Breakage;
}

/** How engine or stages are broken on purpose. */
export interface Breakage {
  readonly log?: (log: Log) => Log;
  readonly state?: (state: StateStore) => StateStore;
  readonly stage?: (stage: Stage<never>) => Stage<never>;
}

const asItIs = <T>(right: T): T => right;

/** A host and the stages that run on it. */
export interface Machine {
  readonly host: SimulatedHost;
  /** Settles once all stages have begun: never, where the host stands still before. */
  readonly running: Promise<readonly RunningStage<never>[]>;
}

/** Log, store and clock, and the stages of the product on any number of machines. */
export class Pipeline {
  readonly clock: SimulatedClock;
  readonly log: SimulatedLog;
  readonly store: SimulatedStateStore;
  readonly #broken: Required<Breakage>;

  constructor({ startAt, appendedAt, cut, broken }: PipelineOptions = {}) {
    this.#broken = { log: asItIs, state: asItIs, stage: asItIs, ...broken };
    this.clock = new SimulatedClock(startAt);
    const now = appendedAt ?? (() => this.clock.now());
    this.log = new SimulatedLog({ clock: { now }, ...(cut === undefined ? {} : { cut }) });
    this.store = new SimulatedStateStore(this.clock);
    const specs = Object.entries(partitions).map(([name, count]) => ({
      name,
      partitions: count,
      cleanup: 'delete' as const,
    }));
    void this.log.createTopics(specs);
  }

  /** Starts these stages (default: all) on a machine of their own. */
  start(limits: Partial<EngineLimits> = {}, names?: readonly string[], plan?: FaultPlan): Machine {
    const host = new SimulatedHost(this.clock, this.log, this.store, plan);
    const stages = [...realStages()].filter(([name]) => names === undefined || names.includes(name));
    const start = (stage: Stage<never>): Promise<RunningStage<never>> =>
      runStage<never>({
        stage: strictStage(this.#broken.stage(stage)),
        log: this.#broken.log(host.log),
        state: this.#broken.state(host.state),
        clock: host.clock,
        partitions: Object.fromEntries(
          Object.entries(partitions).filter(([topic]) => topic !== stage.input || stage.foreignInput !== true),
        ),
        deadLettersTopic: topicNames.deadLetters,
        limits: { ...outOfTheWay, ...limits },
      });
    return { host, running: Promise.all(stages.map(([, stage]) => start(stage))) };
  }

  async append(records: readonly Appending[]): Promise<void> {
    await this.log.append(records);
    await settle();
  }

  /** A record from outside: JSON under a key that decides the partition. */
  put(topic: string, key: string, value: object | string): Promise<void> {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return this.append([{ topic, partition: partitionOf(key, partitions[topic]!), key, value: text }]);
  }

  /** The same record to every partition. */
  broadcast(topic: string, key: string, value: object): Promise<void> {
    const text = JSON.stringify(value);
    return this.append(
      Array.from({ length: partitions[topic]! }, (_, partition) => ({ topic, partition, key, value: text })),
    );
  }

  /** The clock of a stage, as saved; 0 where nothing is. */
  clockOf(stage: string, partition: number): number {
    return this.store.snapshot().get(`${stage}:${partition}`)?.position?.clockAt ?? 0;
  }

  values<T>(topic: string): readonly T[] {
    return this.log.records(topic).map((record) => valueOf<T>(record));
  }
}

const decoder = new TextDecoder();
export const textOf = (bytes: Uint8Array | null | undefined): string => decoder.decode(bytes ?? new Uint8Array());
export const valueOf = <T>(record: LogRecord): T => JSON.parse(textOf(record.value)) as T;

export async function stop({ host, running }: Machine): Promise<void> {
  if (host.frozen) host.kill();
  else for (const stage of await running) await stage.stop();
}
