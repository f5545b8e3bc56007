import { partitionOf } from '@tocsin/core';
import type { Log, Stage, StateStore } from '@tocsin/core';
import type { EngineLimits } from '../engine-options.ts';
import { decodeEntry } from '../entry-codec.ts';
import { runStage } from '../stage-runner.ts';
import type { RunningStage } from '../stage-runner.ts';
import { digest, tally, topics } from './sample-stages.ts';
import type { Payment } from './sample-stages.ts';
import { SimulatedClock, settle } from './simulated-clock.ts';
import { SimulatedHost } from './simulated-host.ts';
import type { FaultPlan } from './simulated-host.ts';
import { SimulatedLog } from './simulated-log.ts';
import { SimulatedStateStore } from './simulated-state-store.ts';
import { strictStage } from './strict-stage.ts';
import { verdict } from './verdict.ts';
import type { Verdict } from './verdict.ts';

export interface WorldOptions {
  readonly limits?: Partial<EngineLimits>;
  readonly cut?: (available: number) => number;
  readonly partitions?: Readonly<Record<string, number>>;
}

/** How an engine is broken on purpose. */
export interface Breakage {
  readonly log?: (log: Log) => Log;
  readonly state?: (state: StateStore) => StateStore;
}

export interface Judgement {
  /** Outputs of either stage that are lost, invented or wrong, as text. */
  readonly faults: readonly string[];
  /** Entries of the store that differ; to be looked at when everything is saved. */
  readonly stateFaults: readonly string[];
  /** How many outputs each stage must have written. */
  readonly expected: readonly number[];
  /** How many were written again by replays. */
  readonly reproductions: number;
}

/** A small integer generator (mulberry32), so that a failing run can be run again by its seed. */
export function seeded(seed: number): (below: number) => number {
  let a = seed | 0;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const reference = { partitions: topics, deadLettersTopic: 'dead-letters' };

/** The two sample stages on any number of hosts, with one log, one store and one clock. */
export class World {
  readonly clock = new SimulatedClock();
  readonly log: SimulatedLog;
  readonly store: SimulatedStateStore;
  readonly #options: WorldOptions;

  private constructor(options: WorldOptions) {
    this.#options = options;
    this.log = new SimulatedLog({ clock: this.clock, ...(options.cut === undefined ? {} : { cut: options.cut }) });
    this.store = new SimulatedStateStore(this.clock);
  }

  static async create(options: WorldOptions = {}): Promise<World> {
    const world = new World(options);
    const specs = Object.entries(topics).map(([name, partitions]) => ({
      name,
      partitions,
      cleanup: 'delete' as const,
    }));
    await world.log.createTopics(specs);
    return world;
  }

  host(plan?: FaultPlan): SimulatedHost {
    return new SimulatedHost(this.clock, this.log, this.store, plan);
  }

  /** Both stages on a host. Not awaited: a host may be frozen before it has begun. */
  run(host: SimulatedHost, breakage: Breakage = {}): Promise<readonly { stop(): Promise<void> }[]> {
    const { log: breakLog = (log) => log, state: breakState = (state) => state } = breakage;
    const start = <In>(stage: Stage<In>): Promise<RunningStage<In>> =>
      runStage<In>({
        stage: strictStage(stage),
        log: breakLog(host.log),
        state: breakState(host.state),
        clock: host.clock,
        partitions: topics,
        deadLettersTopic: 'dead-letters',
        limits: this.#options.limits ?? {},
      });
    return Promise.all([start(tally), start(digest)]);
  }

  async pay(payments: readonly (Payment | string)[]): Promise<void> {
    await this.log.append(
      payments.map((payment) => {
        const key = typeof payment === 'string' ? payment : payment.account;
        const value = typeof payment === 'string' ? payment : JSON.stringify(payment);
        return { topic: 'payments', partition: partitionOf(key, topics.payments), key, value };
      }),
    );
    await settle();
  }

  /** Payments over six accounts, the same for the same seed. */
  async payments(count: number, random: (below: number) => number): Promise<void> {
    await this.pay(
      Array.from({ length: count }, () => ({ account: 'a'.repeat(1 + random(6)), amount: 1 + random(99) })),
    );
  }

  /** Everything that stands in the log and in the store, compared with what the oracle has. */
  judge(): Judgement {
    const judged = [
      { stage: tally, outputs: ['findings', 'dead-letters'] },
      { stage: digest, outputs: ['messages'] },
    ].map(({ stage, outputs }) => ({
      stage,
      found: verdict(this.log, stage as Stage<never>, { ...reference, outputs }),
    }));
    const faults = judged.flatMap(({ stage: { name }, found: { lost, invented, wrong } }) => [
      ...lost.map((output) => `${name} lost ${output}`),
      ...invented.map((output) => `${name} invented ${output}`),
      ...wrong.map((output) => `${name} wrong ${output}`),
    ]);
    return {
      faults,
      stateFaults: judged.flatMap(({ stage, found }) => this.#stateFaults(stage, found)),
      expected: judged.map(({ found }) => found.expected),
      reproductions: judged.reduce((sum, { found }) => sum + found.reproductions, 0),
    };
  }

  #stateFaults(
    { name, input }: { readonly name: string; readonly input: string },
    { values }: Verdict,
  ): readonly string[] {
    return values.flatMap((expected, partition) => {
      const { records } = this.log.partition(input, partition);
      const clockAt = records.reduce((newest, { timestamp }) => Math.max(newest, timestamp), 0);
      const stored = new Map(
        [...this.store.entries(name, partition)]
          .filter(([key]) => !key.startsWith('!w:') && !key.startsWith('!t:'))
          .map(([key, bytes]) => [key, decodeEntry(bytes, clockAt)] as const)
          .filter(([, value]) => value !== undefined),
      );
      return [...new Set([...expected.keys(), ...stored.keys()])]
        .filter((key) => JSON.stringify(expected.get(key)) !== JSON.stringify(stored.get(key)))
        .map((key) => `${name} ${partition} ${key}`);
    });
  }
}
