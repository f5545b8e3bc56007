import { describe, expect, it } from '@jest/globals';
import type { Appending, Log } from '@tocsin/core';
import { LogError } from '@tocsin/core';
import { withoutWatermarks } from './simulation/broken-engines.ts';
import { befalls } from './simulation/machines.ts';
import type { SimulatedHost } from './simulation/simulated-host.ts';
import { World, seeded } from './simulation/world.ts';
import type { Judgement, WorldOptions } from './simulation/world.ts';

const small: WorldOptions = {
  limits: { sliceRecords: 4, cacheEntries: 3, sweepMs: 1_000, pulseMs: 200, lagMs: 60_000 },
  cut: (available) => Math.min(available, 5),
};

/** In how many pieces, of which each stands in the log whole or not at all, the records of an append go out. */
function pieces(records: readonly Appending[], random: (below: number) => number): readonly (readonly Appending[])[] {
  const byTarget = Map.groupBy(records, ({ topic, partition }) => `${topic}/${partition}`);
  return [...byTarget.values()].flatMap((ofTarget) => {
    const cut = random(ofTarget.length + 1);
    return [ofTarget.slice(0, cut), ofTarget.slice(cut)].filter((piece) => piece.length > 0);
  });
}

/**
 * A log as Kafka is when a broker or a connection fails: of one append some targets have all, some the first records, some
 * nothing; and what was given up may be taken up to three seconds later, when the replay of it is already on its way.
 */
const unreliable =
  (world: World, random: (below: number) => number, armed: () => boolean) =>
  (log: Log): Log => ({
    append: async (records) => {
      if (!armed() || random(5) > 0) return log.append(records);
      const missing = new Set<string>();
      for (const piece of pieces(records, random)) {
        const target = `${piece[0]!.topic}/${piece[0]!.partition}`;
        const fate = missing.has(target) ? 'never' : (['at once', 'late', 'never'] as const)[random(3)]!;
        if (fate !== 'at once') missing.add(target);
        if (fate === 'at once') await world.log.append(piece);
        else if (fate === 'late') world.clock.after(random(3_000), () => void world.log.append(piece));
      }
      throw new LogError('UNAVAILABLE', 'The append was not answered.');
    },
    bounds: (topic, partition) => log.bounds(topic, partition),
    committed: (group, topic) => log.committed(group, topic),
    read: (topic, partition, from, most) => log.read(topic, partition, from, most),
    offsetAt: (topic, partition, at) => log.offsetAt(topic, partition, at),
    facts: (topic) => log.facts(topic),
    createTopics: (specs) => log.createTopics(specs),
    subscribe: (options, subscriber) => log.subscribe(options, subscriber),
    ping: () => log.ping(),
    close: () => log.close(),
  });

/** Two machines that come and go, over a store that falls back now and then. */
async function campaign(seed: number, breakage: (log: Log) => Log = (log) => log): Promise<Judgement> {
  const random = seeded(seed);
  let armed = true;
  const world = await World.create(small);
  const broken = unreliable(world, random, () => armed);
  const log = (right: Log): Log => breakage(broken(right));
  const start = (): SimulatedHost => {
    const host = world.host();
    void world.run(host, { log });
    return host;
  };
  let hosts: readonly [SimulatedHost, SimulatedHost] = [start(), start()];
  let snapshot = world.store.snapshot();
  for (let round = 0; round < 12; round++) {
    await world.payments(6, random);
    await world.clock.advance(500);
    const what = random(6);
    hosts = befalls(what, hosts, start);
    // Not earlier: a store without positions is an emptied one, at which partitions stop.
    if (round === 3 || what === 3) snapshot = world.store.snapshot();
    if (what === 4 && round > 4) world.store.restore(snapshot);
  }
  armed = false;
  for (const host of hosts) {
    host.thaw();
    host.rejoin();
  }
  await world.clock.advance(20_000);
  return world.judge();
}

const seeds = Array.from({ length: Number(process.env['TOCSIN_PROPERTY_RUNS'] ?? 8) }, (_, i) => 31 + i);

describe('appends that are taken in part, or long after they were given up', () => {
  it.each(seeds)('lose, invent and double nothing (seed %d)', async (seed) => {
    const { faults, expected, reproductions } = await campaign(seed);
    expect(faults).toEqual([]);
    expect(expected[0]).toBeGreaterThan(40);
    expect(reproductions).toBeGreaterThan(0);
  });

  it('are harmless by the watermarks alone: an engine without them is caught', async () => {
    const { faults } = await campaign(seeds[0]!, withoutWatermarks);
    expect(faults.join()).toMatch(/digest (wrong|invented|lost)/);
  });
});
