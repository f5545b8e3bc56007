import type { EngineLimits, Fate, FaultPlan, Step, StoreSnapshot } from '@tocsin/engine';
import { settle } from '@tocsin/engine';
import fc from 'fast-check';
import type { Machine, Pipeline } from './pipeline.ts';
import { stop } from './pipeline.ts';
import { inputOf, partitions } from './stages.ts';

/*
 * What happens to machines and to the store, as data. A machine that joins can be told at which of its steps something will
 * go wrong: to stand still there, before or after the step took effect, is also how it is killed at any point.
 */

export type Misfortune =
  | { readonly do: 'join'; readonly at: number; readonly fate: Fate; readonly limits: Partial<EngineLimits> }
  /** A machine stands still, another takes over and stands still in turn, and the first one goes on, late. */
  | {
      readonly do: 'take-over';
      readonly at: readonly [number, number];
      readonly fate: Fate;
      readonly limits: readonly [Partial<EngineLimits>, Partial<EngineLimits>];
    }
  | { readonly do: 'stop' | 'kill' | 'evict' | 'thaw' | 'rejoin'; readonly pick: number }
  | { readonly do: 'pass'; readonly ms: number }
  /** The state of one partition, or of all, is that of an earlier checkpoint. */
  | { readonly do: 'fall-back'; readonly pick: number; readonly partition: number; readonly stage: number };

const tiny = fc.record({
  sliceRecords: fc.integer({ min: 1, max: 6 }),
  sliceDirtyEntries: fc.integer({ min: 1, max: 8 }),
  sliceOutputBytes: fc.integer({ min: 1, max: 4_000 }),
  // Without end: it saves nothing, however far it goes.
  checkpointEntries: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(1_000_000)),
  checkpointMs: fc.constantFrom(100, 1_000, 5_000),
  cacheEntries: fc.integer({ min: 0, max: 3 }),
  readKeys: fc.integer({ min: 1, max: 3 }),
  sweepMs: fc.constantFrom(200, 60_000),
});

const huge = fc.record({
  sliceRecords: fc.constant(100_000),
  sliceDirtyEntries: fc.constant(1_000_000),
  checkpointEntries: fc.constant(1_000_000),
  cacheEntries: fc.constant(1_000_000),
});

/** Sizes of the engine, from one record at a time to everything at once. */
export const sizes: {
  readonly tiny: fc.Arbitrary<Partial<EngineLimits>>;
  readonly any: fc.Arbitrary<Partial<EngineLimits>>;
} = {
  tiny,
  any: fc.oneof({ weight: 3, arbitrary: tiny }, { weight: 1, arbitrary: huge }),
};

const pick = fc.nat(20);
const fate = fc.constantFrom<Fate>('freeze-before', 'freeze-after', 'refused', 'unacknowledged');

export const misfortune: fc.Arbitrary<Misfortune> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('join' as const), at: fc.nat(60), fate, limits: sizes.any }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('take-over' as const),
      at: fc.tuple(fc.nat(60), fc.nat(30)),
      fate: fc.constantFrom<Fate>('freeze-before', 'freeze-after'),
      limits: fc.tuple(sizes.any, sizes.any),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('stop', 'kill', 'evict', 'thaw', 'rejoin'), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(50, 400, 1_600, 6_000) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('fall-back' as const), pick, partition: fc.nat(2), stage: fc.nat(20) }),
  },
);

const most = 3;

const failingAt =
  (at: number, fate: Fate): FaultPlan =>
  (step) =>
    step === at ? fate : undefined;

/** Runs stages on machines that come and go, over one log and one store. */
export class Fleet {
  readonly #pipeline: Pipeline;
  readonly #stages: readonly string[];
  #machines: Machine[] = [];
  readonly #snapshots: StoreSnapshot[] = [];
  /** How often the store fell back, in fact. */
  fallBacks = 0;
  /** How many machines went without a last checkpoint. */
  killed = 0;
  readonly steps = new Map<Step, number>();

  constructor(pipeline: Pipeline, stages: readonly string[]) {
    this.#pipeline = pipeline;
    this.#stages = stages;
  }

  join(limits: Partial<EngineLimits> = {}, plan?: FaultPlan): Machine {
    const machine = this.#pipeline.start(limits, this.#stages, plan);
    this.#machines.push(machine);
    return machine;
  }

  async suffer(what: Misfortune): Promise<void> {
    switch (what.do) {
      case 'join':
        if (this.#machines.length < most) this.join(what.limits, failingAt(what.at, what.fate));
        break;
      case 'take-over':
        if (this.#machines.length < most) await this.#takeOver(what);
        break;
      case 'pass':
        await this.#pipeline.clock.advance(what.ms);
        break;
      case 'fall-back':
        this.#fallBack(what);
        break;
      default:
        await this.#befall(what.do, what.pick);
    }
    await settle();
    this.#snapshots.push(this.#pipeline.store.snapshot());
  }

  async #befall(what: 'stop' | 'kill' | 'evict' | 'thaw' | 'rejoin', pick: number): Promise<void> {
    const machine = this.#machines[pick % Math.max(1, this.#machines.length)];
    if (machine === undefined) return;
    const { host } = machine;
    if (what === 'thaw') host.thaw();
    else if (what === 'rejoin') host.rejoin();
    else if (what === 'evict') {
      host.freeze();
      host.evict();
    } else {
      this.#machines = this.#machines.filter((one) => one !== machine);
      if (what === 'kill' || host.frozen) {
        this.killed++;
        host.kill();
      } else {
        // It may meet its fate while it stops, and then it never ends.
        const ended = stop(machine).then(() => true);
        const inTime = await Promise.race([ended, this.#pipeline.clock.advance(500).then(() => false)]);
        if (!inTime) host.kill();
      }
    }
  }

  async #takeOver({ at, fate, limits }: Extract<Misfortune, { do: 'take-over' }>): Promise<void> {
    const { clock } = this.#pipeline;
    const first = this.join(limits[0], failingAt(at[0], fate));
    await clock.advance(300);
    if (!first.host.frozen) return;
    first.host.evict();
    const second = this.join(limits[1], failingAt(at[1], fate));
    await clock.advance(300);
    second.host.freeze();
    first.host.thaw();
    await clock.advance(1_200);
    first.host.freeze();
    second.host.thaw();
    await clock.advance(300);
    first.host.thaw();
  }

  /** Only to a moment that the partition has: one that it never had would be an empty store, and that stops it. */
  #fallBack({ pick, partition, stage }: Extract<Misfortune, { do: 'fall-back' }>): void {
    const { store } = this.#pipeline;
    const earlier = this.#snapshots[pick % Math.max(1, this.#snapshots.length)];
    if (earlier === undefined) return;
    const names = this.#stages.flatMap((name) =>
      Array.from({ length: partitions[inputOf(name)]! }, (_, p) => `${name}:${p}`),
    );
    const one = names[(2 * stage + partition) % names.length]!;
    const now = store.snapshot();
    const merged = new Map(now);
    for (const name of partition === 2 ? names : [one]) {
      const then = earlier.get(name);
      if (then?.position == null || then === now.get(name)) continue;
      merged.set(name, then);
      this.fallBacks++;
    }
    store.restore(merged);
  }

  /** Everything that still lives goes on, and one more machine sees to it that all is done. */
  async recover(): Promise<void> {
    for (const { host } of this.#machines) {
      host.thaw();
      host.rejoin();
    }
    await settle();
    // What was told to go wrong may go wrong only now.
    for (let round = 0; round < 3; round++) {
      await this.#pipeline.clock.advance(4_000);
      for (const { host } of this.#machines) {
        host.thaw();
        host.rejoin();
      }
    }
    this.join();
    await this.#pipeline.clock.advance(12_000);
    for (const machine of this.#machines) await this.#stopAtLast(machine);
  }

  /** What was told to go wrong may go wrong even while it stops. */
  async #stopAtLast(machine: Machine): Promise<void> {
    const { host } = machine;
    host.thaw();
    let ended = false;
    void stop(machine).then(() => (ended = true));
    for (let round = 0; !ended; round++) {
      if (round === 100) throw new Error('A machine does not stop.');
      host.thaw();
      await this.#pipeline.clock.advance(200);
    }
  }
}
