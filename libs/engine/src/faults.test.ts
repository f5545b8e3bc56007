import { describe, expect, it } from '@jest/globals';
import {
  withoutAcknowledgements,
  withoutReadFence,
  withoutWatermarks,
  withoutWitness,
} from './simulation/broken-engines.ts';
import { befalls } from './simulation/machines.ts';
import { settle } from './simulation/simulated-clock.ts';
import type { Fate, FaultPlan, SimulatedHost, Step } from './simulation/simulated-host.ts';
import { World, seeded } from './simulation/world.ts';
import type { Breakage, Judgement, WorldOptions } from './simulation/world.ts';

const rounds = 8;

/** Payments over four seconds, then quiet until every timer has fired. */
async function work(world: World, between: (round: number) => Promise<void> | void = () => {}): Promise<void> {
  const random = seeded(7);
  for (let round = 0; round < rounds; round++) {
    await world.payments(6, random);
    if (round === 3) await world.pay([{ account: 'aa', amount: 5, poison: true }, 'not json']);
    await world.clock.advance(500);
    await between(round);
  }
}

const rest = (world: World): Promise<void> => world.clock.advance(8_000);

async function oneHost(
  plan: FaultPlan,
  options: WorldOptions = {},
  breakage: Breakage = {},
): Promise<{ world: World; host: SimulatedHost }> {
  const world = await World.create(options);
  const host = world.host(plan);
  const running = world.run(host, breakage);
  await work(world);
  await rest(world);
  for (const stage of await running) await stage.stop();
  return { world, host };
}

const small: WorldOptions = {
  limits: { sliceRecords: 4, cacheEntries: 3, sweepMs: 1_000, pulseMs: 200, lagMs: 60_000 },
  cut: (available) => Math.min(available, 5),
};

async function clean(): Promise<{ readonly steps: number; readonly stepsOf: ReadonlyMap<Step, number> }> {
  const { host } = await oneHost(() => undefined, small);
  return host;
}

/** The fate at one step; `twice` also at the next step of the same kind, which is usually its repetition. */
function failAt(at: number, fate: Fate, twice: boolean): FaultPlan {
  let kind: Step | undefined;
  let left = twice ? 2 : 1;
  return (number, step) => {
    if (number < at || left === 0 || (kind !== undefined && kind !== step)) return undefined;
    kind = step;
    left--;
    return fate;
  };
}

describe('one host', () => {
  it('writes what the oracle expects, and saves the state that it expects', async () => {
    const { world, host } = await oneHost(() => undefined, small);
    const { faults, stateFaults, expected } = world.judge();
    expect([...faults, ...stateFaults]).toEqual([]);
    expect(expected[0]).toBeGreaterThan(40);
    expect(expected[1]).toBeGreaterThan(20);
    expect(world.log.records('dead-letters')).toHaveLength(2);
    for (const step of [
      'append',
      'checkpoint',
      'acquire',
      'read',
      'sweep',
      'fetch',
      'bounds',
      'commit',
      'committed',
    ] as const) {
      expect(host.stepsOf.get(step)).toBeGreaterThan(0);
    }
  });

  it.each<[Fate, boolean]>([
    ['refused', false],
    ['refused', true],
    ['unacknowledged', false],
    ['unacknowledged', true],
  ])('survives every single step %s (twice: %s)', async (fate, twice) => {
    const { steps } = await clean();
    expect(steps).toBeGreaterThan(100);
    let reproductions = 0;
    for (let at = 0; at < steps; at++) {
      const { world } = await oneHost(failAt(at, fate, twice), small);
      const judgement = world.judge();
      const faults = [...judgement.faults, ...judgement.stateFaults];
      expect({ at, faults }).toEqual({ at, faults: [] });
      reproductions += judgement.reproductions;
    }
    expect(reproductions).toBeGreaterThan(50);
  });
});

/** One host stands still at a step; another takes over, stands still in turn, and the first one goes on, late. */
async function takeOver(plan: FaultPlan, breakage: Breakage = {}): Promise<World> {
  const world = await World.create(small);
  const [a, b] = [world.host(plan), world.host()];
  const running = world.run(a, breakage);
  let others: ReturnType<World['run']> | undefined;
  let since = -1;
  const look = async (round: number): Promise<void> => {
    if (a.frozen && others === undefined) {
      others = world.run(b, breakage);
      await settle();
      a.evict();
      since = round;
    } else if (others !== undefined && round === since + 2) {
      b.freeze();
      a.thaw();
    } else if (others !== undefined && round === since + 4) {
      b.thaw();
      a.rejoin();
    }
  };
  await work(world, look);
  for (let round = rounds; round < 2 * rounds; round++) {
    await world.clock.advance(1_000);
    await look(round);
  }
  // It may also stand still while it shuts down.
  const stopped = running.then((stages) => Promise.all(stages.map((stage) => stage.stop())));
  for (let round = 2 * rounds; round < 3 * rounds; round++) {
    await world.clock.advance(500);
    await look(round);
  }
  await stopped;
  await rest(world);
  for (const stage of (await others) ?? []) await stage.stop();
  return world;
}

describe('an owner that stands still while another takes over', () => {
  it.each<Fate>(['freeze-before', 'freeze-after'])('harms nothing, wherever it stands still (%s)', async (fate) => {
    const { steps } = await clean();
    let reproductions = 0;
    for (let at = 0; at < steps; at++) {
      const world = await takeOver(failAt(at, fate, false));
      const judgement = world.judge();
      const faults = [...judgement.faults, ...judgement.stateFaults];
      expect({ at, faults }).toEqual({ at, faults: [] });
      reproductions += judgement.reproductions;
    }
    expect(reproductions).toBeGreaterThan(50);
  });
});

describe('a store that falls back in time', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is repaired by replay (seed %d)', async (seed) => {
    const random = seeded(seed);
    const world = await World.create(small);
    const running = world.run(world.host());
    let snapshot = world.store.snapshot();
    await work(world, (round) => {
      if (round === 2 || random(2) === 0) snapshot = world.store.snapshot();
      if (round > 3 && random(2) === 0) world.store.restore(snapshot);
      if (round === rounds - 1) world.store.restore(snapshot);
    });
    await rest(world);
    for (const stage of await running) await stage.stop();
    const { faults, stateFaults, reproductions } = world.judge();
    expect([...faults, ...stateFaults]).toEqual([]);
    expect(reproductions).toBeGreaterThan(0);
  });
});

/**
 * The group cannot be told anything from a step on, the host dies at a later one, and somebody empties the store. How often
 * is something written again by whoever comes next? Each time a partition was taken for a new one.
 */
async function emptied(deafFrom: number, diesAt: number, breakage: Breakage = {}): Promise<Judgement> {
  const world = await World.create(small);
  const host = world.host((number, step) =>
    number === diesAt ? 'freeze-before' : step === 'commit' && number >= deafFrom ? 'refused' : undefined,
  );
  void world.run(host, breakage);
  for (let round = 0; round < 3; round++) {
    await world.payments(6, seeded(round));
    await world.clock.advance(700);
  }
  host.kill();
  world.store.restore(new Map());
  const next = await world.run(world.host(), breakage);
  await rest(world);
  for (const stage of next) await stage.stop();
  return world.judge();
}

describe('a store that is emptied', () => {
  const everywhere = async (breakage?: Breakage): Promise<{ readonly again: number; readonly expected: number }> => {
    let [again, expected] = [0, 0];
    for (let diesAt = 10; diesAt < 90; diesAt++) {
      for (const deafFrom of [0, 8, 16, diesAt]) {
        const judgement = await emptied(deafFrom, diesAt, breakage);
        again += judgement.reproductions;
        expected += judgement.expected[0]!;
      }
    }
    return { again, expected };
  };

  it('is never taken for a new one, whatever the group could be told before', async () => {
    const { again, expected } = await everywhere();
    expect(expected).toBeGreaterThan(3_000);
    expect(again).toBe(0);
  });

  it('would be by an engine that works before the group knows of it', async () => {
    expect((await everywhere({ log: withoutWitness })).again).toBeGreaterThan(0);
  });
});

describe('machines that fail at random, also all at once', () => {
  it.each([11, 12, 13, 14, 15, 16, 17, 18, 19, 20])('lose, invent and double nothing (seed %d)', async (seed) => {
    const random = seeded(seed);
    const fates: readonly Fate[] = ['refused', 'unacknowledged'];
    let armed = true;
    const plan: FaultPlan = () => (armed && random(12) === 0 ? fates[random(2)] : undefined);
    const world = await World.create(small);
    const start = (): SimulatedHost => {
      const host = world.host(plan);
      void world.run(host);
      return host;
    };
    let hosts: readonly [SimulatedHost, SimulatedHost] = [start(), start()];
    await work(world, () => {
      hosts = befalls(random(4), hosts, start);
    });
    armed = false;
    for (const host of hosts) {
      host.thaw();
      host.rejoin();
    }
    await rest(world);
    await rest(world);
    const { faults, expected } = world.judge();
    expect(faults).toEqual([]);
    expect(expected[0]).toBeGreaterThan(40);
  });
});

describe('an engine broken on purpose is caught', () => {
  const sweep = async (run: (at: number) => Promise<World>): Promise<readonly string[]> => {
    const { steps } = await clean();
    const faults: string[] = [];
    for (let at = 0; at < steps && faults.length === 0; at++) faults.push(...(await run(at)).judge().faults);
    return faults;
  };

  it('that saves its position before the acknowledgements', async () => {
    const run = async (at: number): Promise<World> =>
      (await oneHost(failAt(at, 'refused', false), small, { log: withoutAcknowledgements })).world;
    expect((await sweep(run)).join()).toMatch(/lost/);
  });

  it('that reads state without asking who the owner is', async () => {
    const run = (at: number): Promise<World> =>
      takeOver(failAt(at, 'freeze-before', false), { state: withoutReadFence });
    expect((await sweep(run)).join()).toMatch(/wrong|invented/);
  });

  it('that keeps no watermarks', async () => {
    const run = async (at: number): Promise<World> =>
      (await oneHost(failAt(at, 'unacknowledged', false), small, { log: withoutWatermarks })).world;
    expect((await sweep(run)).join()).toMatch(/digest (wrong|invented|lost)/);
  });
});
