import { partitionOf, keyOf } from '@tocsin/core';
import { waitUntil } from '@tocsin/testing';
import { openBed } from '../bed/bed.ts';
import type { Bed } from '../bed/bed.ts';
import { cpuSecondsOf, rssBytesOf } from '../bed/cpu-time.ts';
import { allTaken, drain, looksUntil, waiting } from '../bed/draining.ts';
import { measured } from '../bed/measure-stage.ts';
import { startChain } from '../bed/running-chain.ts';
import { takenBy } from '../bed/scrape.ts';
import { stageNames, untilItAnswers } from '../bed/service-process.ts';
import { feedLive } from '../load/live-feed.ts';
import { planOf } from '../load/plan.ts';
import { fill, setUp } from '../load/prepare.ts';
import type { Say } from '../load/prepare.ts';
import { tenant } from '../load/set-up.ts';

export interface FootprintOptions {
  readonly client: string | undefined;
  /** Transactions of the backlog that is drained. */
  readonly records: number;
  /** How long the services idle while their CPU time is taken. */
  readonly idleSeconds: number;
  readonly accounts?: number;
  readonly runs: number;
  /** Tests shorten it; a service has 10 s. */
  readonly sessionTimeoutMs?: number;
  /** How long the feed goes on before and after the kill. */
  readonly takeOverSeconds?: { readonly before: number; readonly after: number };
}

export interface Footprint {
  /** By service. */
  readonly idle: Readonly<Record<string, { readonly cpuPercent: number; readonly rssBytes: number }>>;
  /** The most that a service had resident while it drained the backlog. */
  readonly drainRssBytes: Readonly<Record<string, number>>;
  readonly drainPerSecond: Readonly<Record<string, number>>;
  /** From the start of detect's process to the first look that shows a record taken; one per run. */
  readonly startToFirstRecordMs: readonly number[];
  /** From kill -9 of one of two detects to the first effect of every one of its partitions; one per run. */
  readonly takeOverMs: readonly number[];
  readonly sessionTimeoutMs: number;
}

const day = 86_400_000;
/** So many that no holder is told often enough for the rules about frequency. */
const reachable = 5_000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function idle(bed: Bed, seconds: number): Promise<Footprint['idle']> {
  const chain = await startChain(bed);
  try {
    // Groups form and code is compiled, for a quarter of a minute; that is not idling.
    await sleep(Math.min(20_000, seconds * 1_000));
    const cpu = new Map([...chain.services].map(([stage, { pid }]) => [stage, cpuSecondsOf(pid)]));
    await sleep(seconds * 1_000);
    return Object.fromEntries(
      [...chain.services].map(([stage, { pid }]) => [
        stage,
        { cpuPercent: (100 * (cpuSecondsOf(pid) - cpu.get(stage)!)) / seconds, rssBytes: rssBytesOf(pid) },
      ]),
    );
  } finally {
    await chain.look();
    await chain.stop();
  }
}

/** Looks a hundred times a second at a detect that has a few records before it. */
async function startToFirstRecord(bed: Bed): Promise<number> {
  const service = await bed.start('detect');
  const expected = await waiting(bed, 'detect');
  try {
    const looks = await looksUntil(bed, service, allTaken('detect', expected), { everyMs: 10 });
    bed.tookMore('detect', takenBy(looks.at(-1)!.scrape, 'detect'));
    const first = looks.find(({ scrape }) => takenBy(scrape, 'detect') > 0)!;
    return first.scrape.at - service.startedAt;
  } finally {
    await service.stop();
  }
}

async function takeOver(
  bed: Bed,
  now: number,
  run: number,
  accounts: number,
  { before, after }: { readonly before: number; readonly after: number },
): Promise<number> {
  const chain = await startChain(bed);
  const second = await bed.start('detect');
  const seen = new Map<number, number>();
  let killedAt = Infinity;
  const queues = new Map<string, number[]>();
  bed.provider.onAccepted((to, at) => {
    const sentAt = queues.get(to)?.shift();
    const account = Number(to.slice('+3598'.length)) - 80_000_000;
    const partition = partitionOf(keyOf(tenant, `acc-${account}`), bed.partitions);
    if (sentAt !== undefined && sentAt > killedAt && !seen.has(partition)) seen.set(partition, at);
  });
  try {
    await untilItAnswers(second);
    // Whoever owns nothing yet is no loss.
    await waitUntil('the second detect to own partitions', async () => (await second.scrape()).owned > 0);
    const rate = 200;
    const plan = planOf({
      records: rate * (before + after),
      accounts,
      alerting: 0.2,
      reachable,
      now,
      firstAt: now - 0.3 * day + run * 0.09 * day,
      spanMs: 0.09 * day,
      prefix: `k${run}`,
    });
    const feeding = feedLive(bed.log, plan, bed.partitions, {
      rate,
      onAlert: (phone, at) => {
        const queue = queues.get(phone);
        if (queue === undefined) queues.set(phone, [at]);
        else queue.push(at);
      },
    });
    await sleep(before * 1_000);
    killedAt = performance.now();
    await second.kill();
    await feeding;
    const until = performance.now() + 30_000;
    while (seen.size < bed.partitions && performance.now() < until) await sleep(20);
    if (seen.size < bed.partitions)
      throw new Error(`Only ${seen.size} of ${bed.partitions} partitions were served again.`);
    return Math.max(...seen.values()) - killedAt;
  } finally {
    bed.provider.onAccepted(() => undefined);
    await second.kill();
    await chain.look();
    await chain.stop();
  }
}

export async function footprint(options: FootprintOptions, say: Say): Promise<Footprint> {
  const { client, records, idleSeconds, runs, sessionTimeoutMs = 10_000 } = options;
  const seconds = options.takeOverSeconds ?? { before: 8, after: 2 * (sessionTimeoutMs / 1_000) };
  const accounts = options.accounts ?? Math.max(20_000, Math.ceil(records / 20));
  const settings = { engine: { sessionTimeoutMs } };
  const bed = await openBed({ ...(client === undefined ? {} : { client }), settings });
  try {
    const now = Date.now();
    const plan = planOf({ records, accounts, reachable, now, firstAt: now - 4 * day, spanMs: 3.5 * day });
    await setUp(bed, plan, say);
    const idling = await idle(bed, idleSeconds);
    for (const [stage, one] of Object.entries(idling))
      say(`${stage} idles at ${one.cpuPercent.toFixed(2)} % of a core, ${(one.rssBytes / 1e6).toFixed(0)} MB`);
    await fill(bed, plan, say);
    const drainRssBytes: Record<string, number> = {};
    const drainPerSecond: Record<string, number> = {};
    for (const stage of stageNames) {
      const expected = await waiting(bed, stage);
      const one = measured(stage, stage, await drain(bed, stage, { everyMs: 100, limitMs: 600_000 }), expected);
      drainRssBytes[stage] = one.rssBytes;
      drainPerSecond[stage] = one.perSecond;
      say(
        `${stage} drained ${expected} at ${Math.round(one.perSecond)} per second, at most ${(one.rssBytes / 1e6).toFixed(0)} MB`,
      );
    }
    const startToFirstRecordMs: number[] = [];
    for (let run = 0; run < runs; run++) {
      const few = planOf({
        records: 1_000,
        accounts,
        now,
        firstAt: now - 0.45 * day,
        spanMs: 0.1 * day,
        prefix: `f${run}`,
      });
      await fill(bed, few, () => undefined);
      await drain(bed, 'ingest');
      startToFirstRecordMs.push(await startToFirstRecord(bed));
      say(`detect took its first record ${startToFirstRecordMs.at(-1)!.toFixed(0)} ms after its start`);
    }
    const takeOverMs: number[] = [];
    for (let run = 0; run < runs; run++) {
      takeOverMs.push(await takeOver(bed, now, run, accounts, seconds));
      say(`a killed detect's partitions were served again after ${takeOverMs.at(-1)!.toFixed(0)} ms`);
    }
    return { idle: idling, drainRssBytes, drainPerSecond, startToFirstRecordMs, takeOverMs, sessionTimeoutMs };
  } finally {
    await bed.close();
  }
}
