import { runBaseline, baselineStage } from '../baselines/baseline-process.ts';
import type { BaselineName } from '../baselines/baseline-process.ts';
import type { BaselineJob } from '../baselines/progress.ts';
import { bankTopic, openBed } from '../bed/bed.ts';
import type { Bed } from '../bed/bed.ts';
import { runChain } from '../bed/chain.ts';
import { drain, waiting } from '../bed/draining.ts';
import { measured } from '../bed/measure-stage.ts';
import type { Measured } from '../bed/measure-stage.ts';
import { takenBy } from '../bed/scrape.ts';
import { alertsOf, planOf } from '../load/plan.ts';
import { fill, setUp } from '../load/prepare.ts';
import type { Say } from '../load/prepare.ts';

export interface ThroughputOptions {
  readonly records: number;
  readonly clients: readonly BaselineJob['client'][];
  readonly runs: number;
  readonly accounts?: number;
  /** Baselines: (a) stock transport, (b) script, (c) pass-through. Default all. */
  readonly baselines?: boolean;
  /** How long the stock transport may take: it is slow, and its rate is soon known. Default 10 s. */
  readonly stockMs?: number;
}

export interface Contender {
  readonly name: string;
  readonly client: string;
  /** One per run. */
  readonly runs: readonly Measured[];
}

const days = 86_400_000;

/** The output topics of baselines. */
const outputs = ['bench.copies', 'bench.findings'] as const;

/** All contenders over the same backlog on one broker and one Redis, one after the other. */
async function oneRun(
  client: BaselineJob['client'],
  options: ThroughputOptions,
  say: Say,
): Promise<ReadonlyMap<string, Measured>> {
  const { records, accounts, stockMs = 10_000 } = options;
  const bed = await openBed({ client });
  const results = new Map<string, Measured>();
  const took = (one: Measured): void => {
    results.set(one.what, one);
    say(`${one.what} (${client}): ${Math.round(one.perSecond)} per second, ${one.cpuMicros.toFixed(1)} µs`);
  };
  try {
    await bed.log.createTopics(
      outputs.map((name) => ({ name, partitions: bed.partitions, cleanup: 'delete', retentionMs: days })),
    );
    const common = { records, ...(accounts === undefined ? {} : { accounts }), spanMs: 1.9 * days };
    const now = Date.now();
    const first = planOf({ ...common, now, firstAt: now - 4 * days });
    const second = planOf({ ...common, now, firstAt: now - 2 * days, prefix: 'u' });
    await setUp(bed, first, say);
    await fill(bed, first, say);
    if (options.baselines !== false) {
      const baseline = async (what: string, name: BaselineName, part: Partial<BaselineJob>, limitMs?: number) => {
        const job = jobFor(bed, client, what, part);
        const before = await bed.appended(job.output);
        const looks = await runBaseline(bed, { name, job, expected: records, ...(limitMs ? { limitMs } : {}) });
        const reached = takenBy(looks.at(-1)!.scrape, baselineStage);
        took(measured(what, baselineStage, looks, reached));
        const wrote = (await bed.appended(job.output)) - before;
        // Who was ended in the middle has not written all; and the stock one may lose some where it runs side by side.
        if (reached >= records && part.concurrently === undefined)
          mustBe(what, wrote, name === 'pass-through' ? records : alertsOf(first));
      };
      await baseline('pass-through', 'pass-through', { output: 'bench.copies' });
      await baseline('script', 'script', {});
      if (client === 'kafkajs') {
        await baseline('stock', 'nest-stock', {}, stockMs);
        await baseline('stock, 8 at a time', 'nest-stock', { concurrently: 8 }, stockMs);
      }
    }
    for (const stage of ['ingest', 'detect'] as const) {
      const expected = await waiting(bed, stage);
      took(measured(`${stage} alone`, stage, await drain(bed, stage), expected));
    }
    mustBe('detect alone', await waiting(bed, 'alert'), alertsOf(first));
    // What follows is the chain's own; these two have little to do at so few alerts, and are measured in its company.
    await drain(bed, 'alert');
    const sent = bed.provider.accepted() + alertsOf(first);
    // Until the last message has left, not only until it was read: else it would be counted with the chain's.
    await drain(bed, 'deliver', { done: () => bed.provider.accepted() >= sent });
    await fill(bed, second, say);
    const chain = await runChain(bed, second);
    mustBe('the chain', chain.messages, alertsOf(second));
    took({ ...chain, what: 'chain', records });
    for (const [stage, one] of chain.stages) took({ ...one, what: `${stage} in the chain` });
    return results;
  } finally {
    await bed.close();
  }
}

/** Who answers wrongly has measured nothing. */
function mustBe(what: string, found: number, expected: number): void {
  if (found !== expected)
    throw new Error(`${what} wrote ${found} records; the load has ${expected} that it must write.`);
}

const jobFor = (bed: Bed, client: BaselineJob['client'], what: string, part: Partial<BaselineJob>): BaselineJob => ({
  client,
  broker: bed.kafka.address,
  redis: { host: bed.redis.host, port: bed.redis.port },
  group: what.replaceAll(/\W+/g, '-'),
  topic: bankTopic,
  partitions: bed.partitions,
  output: 'bench.findings',
  concurrently: 1,
  ...part,
});

/** Ours beside the baselines, in one run each, as often as wanted. */
export async function throughput(options: ThroughputOptions, say: Say): Promise<readonly Contender[]> {
  const contenders = new Map<string, { name: string; client: string; runs: Measured[] }>();
  for (let run = 1; run <= options.runs; run++) {
    for (const client of options.clients) {
      say(`run ${run} of ${options.runs}, ${client}`);
      for (const [name, one] of await oneRun(client, options, say)) {
        const key = `${name}/${client}`;
        const contender = contenders.get(key) ?? { name, client, runs: [] };
        contenders.set(key, contender);
        contender.runs.push(one);
      }
    }
  }
  return [...contenders.values()];
}
