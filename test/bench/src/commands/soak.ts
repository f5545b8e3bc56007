import { openBed } from '../bed/bed.ts';
import { runChain } from '../bed/chain.ts';
import { startChain } from '../bed/running-chain.ts';
import { takenBy } from '../bed/scrape.ts';
import { stageNames } from '../bed/service-process.ts';
import { feedLive } from '../load/live-feed.ts';
import { alertsOf, planOf } from '../load/plan.ts';
import { fill, setUp } from '../load/prepare.ts';
import type { Say } from '../load/prepare.ts';
import { slope } from '../report/statistics.ts';

export interface SoakOptions {
  readonly client: string | undefined;
  readonly minutes: number;
  /** Transactions per second; default: half of what the chain has just shown it can do. */
  readonly rate: number | undefined;
  /** Transactions over which the chain's maximum is found. */
  readonly records: number;
  readonly accounts?: number;
  readonly sampleSeconds: number;
}

export interface SoakSample {
  readonly seconds: number;
  readonly rssBytes: Readonly<Record<string, number>>;
  readonly heapBytes: Readonly<Record<string, number>>;
  /** Bank records that ingest has not taken yet. */
  readonly behind: number;
}

export interface Soak {
  readonly rate: number;
  readonly records: number;
  readonly messages: number;
  readonly expected: number;
  readonly samples: readonly SoakSample[];
  /** Of the second half, by service: how much grew per minute, in bytes, by the line of best fit. */
  readonly rssBytesPerMinute: Readonly<Record<string, number>>;
  readonly heapBytesPerMinute: Readonly<Record<string, number>>;
}

const day = 86_400_000;

/** The second half alone: caches fill and code is compiled in the first. */
const growthOf = (samples: readonly SoakSample[], field: 'rssBytes' | 'heapBytes'): Record<string, number> =>
  Object.fromEntries(
    stageNames.map((stage) => [
      stage,
      slope(
        samples
          .slice(Math.floor(samples.length / 2))
          .map((sample) => [sample.seconds / 60, sample[field][stage] ?? 0] as const),
      ),
    ]),
  );

/** The chain at half of its maximum for as long as wanted; heap and resident memory of every service sampled. */
export async function soak(options: SoakOptions, say: Say): Promise<Soak> {
  const { client, minutes, records, sampleSeconds } = options;
  const bed = await openBed(client === undefined ? {} : { client });
  try {
    const now = Date.now();
    const accounts = options.accounts ?? 100_000;
    const first = planOf({ records, accounts, now, firstAt: now - 4 * day, spanMs: 0.4 * day, reachable: 2_000 });
    await setUp(bed, first, say);
    let rate = options.rate;
    if (rate === undefined) {
      await fill(bed, first, say);
      rate = Math.round((await runChain(bed, first)).perSecond / 2);
    }
    const plan = planOf({
      records: Math.ceil(rate * minutes * 60),
      accounts,
      reachable: 2_000,
      now,
      firstAt: now - 3.5 * day,
      spanMs: 3.4 * day,
      prefix: 's',
    });
    const expected = alertsOf(plan);
    const before = bed.provider.accepted();
    say(`soaking at ${rate} per second for ${minutes} minutes`);
    const chain = await startChain(bed);
    const samples: SoakSample[] = [];
    const began = performance.now();
    const sample = async (): Promise<void> => {
      const looks = await chain.look();
      const of = (field: 'rssBytes' | 'heapBytes') =>
        Object.fromEntries([...looks].map(([stage, { scrape }]) => [stage, scrape[field]]));
      const seconds = (performance.now() - began) / 1_000;
      const due = Math.min(plan.records, Math.floor(seconds * rate));
      const behind = Math.max(0, due - takenBy(looks.get('ingest')!.scrape, 'ingest'));
      samples.push({ seconds: Math.round(seconds), rssBytes: of('rssBytes'), heapBytes: of('heapBytes'), behind });
      say(
        `${Math.round(seconds)} s: ${stageNames.map((stage) => `${stage} ${Math.round(samples.at(-1)!.rssBytes[stage]! / 1e6)} MB`).join(', ')}; ${behind} behind`,
      );
    };
    let failure: unknown;
    let sampling: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      sampling = sample().catch((error: unknown) => void (failure = error));
    }, sampleSeconds * 1_000);
    try {
      const fed = await feedLive(bed.log, plan, bed.partitions, { rate });
      clearInterval(timer);
      await sampling;
      if (failure !== undefined) throw new Error('A service could not be sampled.', { cause: failure });
      const until = performance.now() + 60_000;
      while (bed.provider.accepted() - before < expected && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 100));
      return {
        rate,
        records: fed.records,
        messages: bed.provider.accepted() - before,
        expected,
        samples,
        rssBytesPerMinute: growthOf(samples, 'rssBytes'),
        heapBytesPerMinute: growthOf(samples, 'heapBytes'),
      };
    } finally {
      clearInterval(timer);
      await chain.stop();
    }
  } finally {
    await bed.close();
  }
}
