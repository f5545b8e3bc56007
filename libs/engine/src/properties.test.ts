import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { effective } from './simulation/reference-fold.ts';
import { textOf } from './simulation/one-stage.ts';
import { settle } from './simulation/simulated-clock.ts';
import type { SimulatedHost } from './simulation/simulated-host.ts';
import type { StoreSnapshot } from './simulation/simulated-state-store.ts';
import { World, seeded } from './simulation/world.ts';
import type { WorldOptions } from './simulation/world.ts';

const limits = fc.record({
  sliceRecords: fc.integer({ min: 1, max: 40 }),
  sliceDirtyEntries: fc.integer({ min: 1, max: 40 }),
  sliceOutputBytes: fc.integer({ min: 1, max: 2_000 }),
  checkpointEntries: fc.integer({ min: 1, max: 80 }),
  checkpointMs: fc.constantFrom(100, 1_000, 5_000),
  cacheEntries: fc.integer({ min: 0, max: 12 }),
  readKeys: fc.integer({ min: 1, max: 5 }),
  sweepMs: fc.constantFrom(200, 60_000),
});

/** A payment of one of five accounts, now and then one that cannot be processed, or a while in which nothing comes. */
const event = fc.oneof(
  { weight: 20, arbitrary: fc.record({ account: fc.constantFrom('a', 'b', 'cc', 'dd', 'eee'), amount: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.constant({ account: 'a', amount: 1, poison: true }) },
  { weight: 1, arbitrary: fc.constant({ account: 'b', amount: 1, poisonTimer: true }) },
  { weight: 1, arbitrary: fc.constant('not json') },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 4_000 }) },
);

type Event = ReturnType<typeof event.generate>['value'];

async function happen(world: World, events: readonly Event[]): Promise<void> {
  for (const what of events) {
    if (typeof what === 'number') await world.clock.advance(what);
    else await world.pay([what]);
  }
}

const cutBy = (seed: number): NonNullable<WorldOptions['cut']> => {
  const random = seeded(seed);
  return (available) => 1 + random(Math.min(available, 20));
};

/**
 * What the first stage wrote, as readers take it, byte for byte with its provenance. In order for each source and target;
 * how two sources interleave in one target is for the log to decide.
 */
const findings = (world: World): readonly string[] =>
  [0, 1].flatMap((target) =>
    [0, 1].flatMap((source) =>
      effective(world.log.partition('findings', target).records)
        .map(({ key, value, headers }) => [textOf(headers['src']), textOf(key), textOf(value)].join(' '))
        .filter((line) => line.startsWith(`tally/payments/${source}/`))
        .map((line) => `${target} ${line}`),
    ),
  );

const ticks = (world: World): number => world.log.records('payments').filter(({ key }) => key === null).length;

describe('whatever the sizes of batches, slices, checkpoints and cache', () => {
  it('the outputs and the state are those of the oracle', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 20, maxLength: 80 }),
        limits,
        fc.nat(),
        async (events, sizes, seed) => {
          const world = await World.create({ limits: sizes, cut: cutBy(seed) });
          const running = await world.run(world.host());
          await happen(world, events);
          await world.clock.advance(6_000);
          for (const stage of running) await stage.stop();
          const { faults, stateFaults } = world.judge();
          expect([...faults, ...stateFaults]).toEqual([]);
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  it('a backlog gives the same outputs, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 20, maxLength: 80 }),
        limits,
        fc.nat(),
        async (events, sizes, seed) => {
          const [one, other] = [await World.create(), await World.create({ limits: sizes, cut: cutBy(seed) })];
          for (const world of [one, other]) {
            await happen(world, events);
            const running = await world.run(world.host());
            // A step that throws is replayed after a wait of no time at all.
            await world.clock.advance(0);
            for (const stage of running) await stage.stop();
            expect(ticks(world)).toBe(0);
          }
          expect(findings(other)).toEqual(findings(one));
          expect(one.judge().faults).toEqual([]);
        },
      ),
      { numRuns: 40, seed: 2 },
    );
  });
});

describe('a stop at any point', () => {
  it('with or without a last checkpoint, changes neither outputs nor state', async () => {
    const stop = fc.record({ events: fc.array(event, { maxLength: 25 }), killed: fc.boolean() });
    let reproductions = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(stop, { minLength: 2, maxLength: 5 }), limits, fc.nat(), async (stops, sizes, seed) => {
        const world = await World.create({ limits: sizes, cut: cutBy(seed) });
        for (const { events, killed } of stops) {
          const host = world.host();
          const running = await world.run(host);
          await happen(world, events);
          if (killed) host.kill();
          else for (const stage of running) await stage.stop();
        }
        const last = await world.run(world.host());
        await world.clock.advance(6_000);
        for (const stage of last) await stage.stop();
        const judgement = world.judge();
        expect([...judgement.faults, ...judgement.stateFaults]).toEqual([]);
        reproductions += judgement.reproductions;
      }),
      { numRuns: 60, seed: 3 },
    );
    expect(reproductions).toBeGreaterThan(100);
  });
});

/** How many runs to burn in with; hours, then. */
const burningIn = process.env['TOCSIN_PROPERTY_RUNS'];
const patienceMs = burningIn === undefined ? 120_000 : 24 * 3_600_000;

const hardship = fc.oneof(
  { weight: 12, arbitrary: event.map((what) => ({ do: 'event' as const, what })) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('join', 'freeze', 'thaw', 'rejoin', 'kill'), pick: fc.nat(5) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fall-back' as const),
      pick: fc.nat(100),
      slot: fc.constantFrom('tally:0', 'tally:1', 'digest:0', 'digest:1'),
    }),
  },
);

type Hardship = ReturnType<typeof hardship.generate>['value'];

/** Hosts that overlap without knowing, and a store in which one partition alone is what it was at an earlier checkpoint. */
class Hardships {
  readonly #world: World;
  readonly #snapshots: StoreSnapshot[] = [];
  #hosts: SimulatedHost[] = [];
  fallBacks = 0;

  constructor(world: World) {
    this.#world = world;
    this.#join();
  }

  #join(): void {
    const host = this.#world.host();
    this.#hosts.push(host);
    void this.#world.run(host);
  }

  async suffer(what: Hardship): Promise<void> {
    if (what.do === 'event') await happen(this.#world, [what.what]);
    else if (what.do === 'fall-back') this.#fallBack(what);
    else this.#befall(what);
    await settle();
    this.#snapshots.push(this.#world.store.snapshot());
  }

  #befall({ do: what, pick }: Extract<Hardship, { pick: number; do: string }>): void {
    const host = this.#hosts[pick % this.#hosts.length];
    if (what === 'join' || host === undefined) {
      if (this.#hosts.length < 3) this.#join();
    } else if (what === 'freeze') {
      host.freeze();
      host.evict();
    } else if (what === 'thaw') host.thaw();
    else if (what === 'rejoin') host.rejoin();
    else {
      host.kill();
      this.#hosts = this.#hosts.filter((one) => one !== host);
    }
  }

  /** Only to a checkpoint: a slot that never had one would be an empty store, and that stops the partition. */
  #fallBack({ pick, slot }: Extract<Hardship, { do: 'fall-back' }>): void {
    const earlier = this.#snapshots[pick % Math.max(1, this.#snapshots.length)]?.get(slot);
    const now = this.#world.store.snapshot();
    if (earlier?.position == null || earlier === now.get(slot)) return;
    this.#world.store.restore(new Map(now).set(slot, earlier));
    this.fallBacks++;
  }

  async recover(): Promise<void> {
    for (const host of this.#hosts) {
      host.thaw();
      host.rejoin();
    }
    await settle();
    this.#join();
    await this.#world.clock.advance(12_000);
  }
}

describe('owners that overlap, over a store in which a partition falls back', () => {
  it(
    'lose, invent and double nothing',
    async () => {
      let fallBacks = 0;
      let reproductions = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(hardship, { minLength: 20, maxLength: 70 }),
          limits,
          fc.nat(),
          async (suffered, sizes, seed) => {
            const world = await World.create({ limits: sizes, cut: cutBy(seed) });
            const hardships = new Hardships(world);
            for (const what of suffered) await hardships.suffer(what);
            await hardships.recover();
            const judgement = world.judge();
            expect(judgement.faults).toEqual([]);
            fallBacks += hardships.fallBacks;
            reproductions += judgement.reproductions;
          },
        ),
        { numRuns: Number(burningIn ?? 30), seed: 4 },
      );
      expect(fallBacks).toBeGreaterThan(15);
      expect(reproductions).toBeGreaterThan(50);
    },
    patienceMs,
  );
});
