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

/** Runs at one rate, one after the other, on services that were warmed up at that rate. */
async function* measureLatency(
  bed: Bed,
  warmUp: Plan,
  plans: readonly Plan[],
  rate: number,
): AsyncGenerator<Omit<LatencyRun, 'client' | 'isHalf'>, void, void> {
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
      if (latencies.length < alerts)
        throw new Error(`At ${rate} a second only ${latencies.length} of ${alerts} messages arrived.`);
    };
    const fed = async (plan: Plan) => {
      latencies.length = 0;
      unexpected = 0;
      const live = await feedLive(bed.log, plan, bed.partitions, { rate, onAlert });
      await settled(live.alerts);
      return live;
    };
    await fed(warmUp);
    for (const plan of plans) {
      const before = await chain.look();
      const { records, behindAtWorst } = await fed(plan);
      const after = await chain.look();
      const cpu = [...after].reduce(
        (sum, [stage, { scrape }]) => sum + scrape.cpuSeconds - before.get(stage)!.scrape.cpuSeconds,
        0,
      );
      yield {
        rate,
        messages: latencies.length,
        p50: percentile(latencies, 0.5),
        p99: percentile(latencies, 0.99),
        max: Math.max(...latencies),
        cpuMicros: (cpu * 1e6) / records,
        behindAtWorst,
        unexpected,
      };
    }
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
        const lasting = (length: number): Plan => calendar.plan(Math.ceil(rate * length), alertingAt(rate), accounts);
        const warmUp = lasting(warmUpSeconds);
        const plans = Array.from({ length: runs }, () => lasting(seconds));
        for await (const one of measureLatency(bed, warmUp, plans, rate)) {
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
