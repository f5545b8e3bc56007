import type { BaselineJob } from '../baselines/progress.ts';
import { openBed } from '../bed/bed.ts';
import type { Bed } from '../bed/bed.ts';
import { runChain } from '../bed/chain.ts';
import { startChain } from '../bed/running-chain.ts';
import { feedLive } from '../load/live-feed.ts';
import { planOf } from '../load/plan.ts';
import type { Plan } from '../load/plan.ts';
import { fill, setUp } from '../load/prepare.ts';
import type { Say } from '../load/prepare.ts';
import { percentile } from '../report/statistics.ts';

export interface LatencyOptions {
  readonly clients: readonly BaselineJob['client'][];
  readonly runs: number;
  /** Transactions per second; `half` is half of what the chain has just shown it can do. */
  readonly rates: readonly (number | 'half')[];
  /** Of each run. */
  readonly seconds: number;
  /** Before the first run at each rate: until then compilers of broker and services take a good part of the machine. */
  readonly warmUpSeconds: number;
  /** Transactions over which the chain's maximum is found. */
  readonly records: number;
  readonly accounts?: number;
}

export interface LatencyRun {
  readonly client: string;
  /** As wanted. */
  readonly rate: number;
  readonly isHalf: boolean;
  readonly messages: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** CPU of all services, per transaction, over all runs at this rate. */
  readonly cpuMicros: number;
  /** The feeder's own worst at this rate: above a second's worth, it measured itself. */
  readonly behindAtWorst: number;
  /** Told without being expected, at this rate. */
  readonly unexpected: number;
}

const day = 86_400_000;
/** Between two payments of one account: the rules about frequency stay quiet. */
const apartMs = 2.8 * 3_600_000;
const reachable = 4_000;

/** Deals out the four days in which transactions may lie, so that no account pays too often. */
class Calendar {
  #next: number;
  #plans = 0;

  constructor(now: number) {
    this.#next = now - 4 * day;
  }

  plan(records: number, alerting: number, accounts: number): Plan {
    const visits = records / accounts + (records * alerting) / Math.min(accounts, reachable);
    const spanMs = Math.ceil(visits * apartMs);
    const plan = planOf({
      records,
      alerting,
      accounts,
      reachable,
      now: this.#next + spanMs,
      firstAt: this.#next,
      prefix: `p${this.#plans++}`,
      gapMs: apartMs,
    });
    this.#next += spanMs;
    return plan;
  }
}

/** At so few transactions a second, 2 % would be too few messages for a percentile. */
const alertingAt = (rate: number): number => (rate < 500 ? 0.5 : 0.02);

/** One feed at one rate: first what warms the services up, then the runs, without a pause that would be one of theirs. */
interface Feed {
  readonly plan: Plan;
  readonly rate: number;
  /** Transactions before the first run. */
  readonly warmUp: number;
  /** Transactions of each run. */
  readonly perRun: number;
  readonly runs: number;
}

async function measureLatency(bed: Bed, feed: Feed): Promise<readonly Omit<LatencyRun, 'client' | 'isHalf'>[]> {
  const { plan, rate, warmUp, perRun, runs } = feed;
  const chain = await startChain(bed);
  try {
    const sent = new Map<string, { readonly at: number; readonly run: number }[]>();
    const latencies = Array.from({ length: runs }, (): number[] => []);
    let arrived = 0;
    let unexpected = 0;
    bed.provider.onAccepted((to, at) => {
      const first = sent.get(to)?.shift();
      if (first === undefined) unexpected += 1;
      else arrived += 1;
      if (first !== undefined && first.run >= 0) latencies[first.run]!.push(at - first.at);
    });
    let before: ReturnType<typeof chain.look> | undefined;
    const onAlert = (phone: string, at: number, index: number): void => {
      const one = { at, run: Math.floor((index - warmUp) / perRun) };
      if (one.run === 0) before ??= chain.look();
      const queue = sent.get(phone);
      if (queue === undefined) sent.set(phone, [one]);
      else queue.push(one);
    };
    const { alerts, behindAtWorst } = await feedLive(bed.log, plan, bed.partitions, { rate, onAlert });
    const until = performance.now() + 30_000;
    while (arrived < alerts && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    if (arrived < alerts) throw new Error(`At ${rate} a second only ${arrived} of ${alerts} messages arrived.`);
    const [from, to] = [await before!, await chain.look()];
    const cpu = [...to].reduce(
      (sum, [stage, { scrape }]) => sum + scrape.cpuSeconds - from.get(stage)!.scrape.cpuSeconds,
      0,
    );
    return latencies.map((one) => ({
      rate,
      messages: one.length,
      p50: percentile(one, 0.5),
      p99: percentile(one, 0.99),
      max: Math.max(...one),
      cpuMicros: (cpu * 1e6) / (perRun * runs),
      behindAtWorst,
      unexpected,
    }));
  } finally {
    bed.provider.onAccepted(() => undefined);
    await chain.stop();
  }
}

/** From the moment at which the bank's record is handed to its client until the provider has answered, through all services. */
export async function latency(options: LatencyOptions, say: Say): Promise<readonly LatencyRun[]> {
  const { clients, runs, rates, seconds, warmUpSeconds, records, accounts = 40_000 } = options;
  const results: LatencyRun[] = [];
  for (const client of clients) {
    const bed = await openBed({ client });
    try {
      const calendar = new Calendar(Date.now());
      const first = calendar.plan(records, 0.02, accounts);
      await setUp(bed, first, say);
      let half = 0;
      if (rates.includes('half')) {
        await fill(bed, first, say);
        const { perSecond } = await runChain(bed, first);
        half = Math.round(perSecond / 2);
        say(`the chain's maximum (${client}): ${Math.round(perSecond)} per second`);
      }
      for (const wanted of rates) {
        const rate = wanted === 'half' ? half : wanted;
        const [warmUp, perRun] = [Math.ceil(rate * warmUpSeconds), Math.ceil(rate * seconds)];
        const plan = calendar.plan(warmUp + runs * perRun, alertingAt(rate), accounts);
        for (const one of await measureLatency(bed, { plan, rate, warmUp, perRun, runs })) {
          results.push({ client, isHalf: wanted === 'half', ...one });
          say(`${rate} per second (${client}): p50 ${one.p50.toFixed(1)} ms, p99 ${one.p99.toFixed(1)} ms`);
        }
      }
    } finally {
      await bed.close();
    }
  }
  return results;
}
