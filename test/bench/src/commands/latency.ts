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
  /** Of each run, after a quarter as long that is not counted. */
  readonly seconds: number;
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
  /** CPU of all services, per transaction. */
  readonly cpuMicros: number;
  /** The feeder's own worst: above a second's worth, it measured itself. */
  readonly behindAtWorst: number;
  /** Told without being expected. */
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

async function measureLatency(
  bed: Bed,
  plan: Plan,
  warmUp: Plan,
  rate: number,
): Promise<Omit<LatencyRun, 'client' | 'isHalf'>> {
  const chain = await startChain(bed);
  try {
    const sent = new Map<string, number[]>();
    const latencies: number[] = [];
    let unexpected = 0;
    bed.provider.onAccepted((to, at) => {
      const since = sent.get(to)?.shift();
      if (since === undefined) unexpected += 1;
      else latencies.push(at - since);
    });
    const onAlert = (phone: string, at: number): void => {
      const queue = sent.get(phone);
      if (queue === undefined) sent.set(phone, [at]);
      else queue.push(at);
    };
    const settled = async (alerts: number): Promise<void> => {
      const until = performance.now() + 30_000;
      while (latencies.length < alerts && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const warm = await feedLive(bed.log, warmUp, bed.partitions, { rate, onAlert });
    await settled(warm.alerts);
    latencies.length = 0;
    const before = await chain.look();
    const fed = await feedLive(bed.log, plan, bed.partitions, { rate, onAlert });
    await settled(fed.alerts);
    const after = await chain.look();
    if (latencies.length < fed.alerts)
      throw new Error(`At ${rate} a second only ${latencies.length} of ${fed.alerts} messages arrived.`);
    const cpu = [...after].reduce(
      (sum, [stage, { scrape }]) => sum + scrape.cpuSeconds - before.get(stage)!.scrape.cpuSeconds,
      0,
    );
    return {
      rate,
      messages: latencies.length,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      max: Math.max(...latencies),
      cpuMicros: (cpu * 1e6) / fed.records,
      behindAtWorst: fed.behindAtWorst,
      unexpected,
    };
  } finally {
    bed.provider.onAccepted(() => undefined);
    await chain.stop();
  }
}

/** From the moment at which the bank's record is handed to its client until the provider has answered, through all services. */
export async function latency(options: LatencyOptions, say: Say): Promise<readonly LatencyRun[]> {
  const { clients, runs, rates, seconds, records, accounts = 40_000 } = options;
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
        for (let run = 1; run <= runs; run++) {
          const counted = calendar.plan(Math.ceil(rate * seconds), alertingAt(rate), accounts);
          const warmUp = calendar.plan(Math.ceil((rate * seconds) / 4), alertingAt(rate), accounts);
          const one = await measureLatency(bed, counted, warmUp, rate);
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
