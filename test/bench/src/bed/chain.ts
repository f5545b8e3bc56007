import { alertsOf } from '../load/plan.ts';
import type { Plan } from '../load/plan.ts';
import type { Bed } from './bed.ts';
import { measured } from './measure-stage.ts';
import { startChain } from './running-chain.ts';
import type { Look, Measured } from './measure-stage.ts';
import { takenBy } from './scrape.ts';
import { stageNames } from './service-process.ts';
import type { StageName } from './service-process.ts';

export interface ChainRun {
  /** Bank records per second, from the first that ingest took to the last effect. */
  readonly perSecond: number;
  readonly seconds: number;
  /** CPU of all services together, per bank record; the start of the processes is left out. */
  readonly cpuMicros: number;
  readonly brokerMicros: number;
  readonly redisMicros: number;
  readonly messages: number;
  /** Of the largest of the four. */
  readonly rssBytes: number;
  readonly stages: ReadonlyMap<StageName, Measured>;
  readonly looks: ReadonlyMap<StageName, readonly Look[]>;
}

export interface ChainOptions {
  readonly nodeOptions?: (stage: StageName) => readonly string[];
  readonly limitMs?: number;
}

/**
 * All four services, a process each, over the backlog that stands in the bank's topic (and nothing else in the others that
 * they have not consumed). Done when every transaction was taken by ingest and detect, and every alert was accepted by the
 * provider.
 */
export async function runChain(bed: Bed, plan: Plan, options: ChainOptions = {}): Promise<ChainRun> {
  const { nodeOptions = () => [], limitMs = 300_000 } = options;
  const alerts = alertsOf(plan);
  const before = bed.provider.accepted();
  const looks = new Map<StageName, Look[]>(stageNames.map((stage) => [stage, []]));
  const chain = await startChain(bed, nodeOptions);
  try {
    const began = performance.now();
    for (;;) {
      const now = await chain.look();
      for (const [stage, one] of now) looks.get(stage)!.push(one);
      const taken = (stage: StageName): number => takenBy(now.get(stage)!.scrape, stage);
      const messages = bed.provider.accepted() - before;
      if (messages >= alerts && taken('ingest') >= plan.records && taken('detect') >= plan.records) break;
      if (performance.now() - began > limitMs) {
        const counts = stageNames.map((stage) => `${stage} ${taken(stage)}`).join(', ');
        throw new Error(
          `The chain did not finish within ${limitMs / 1_000} s: ${counts}; ${messages} of ${alerts} messages.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await chain.stop();
  }
  return summed(plan, looks, bed.provider.accepted() - before);
}

function summed(plan: Plan, looks: ReadonlyMap<StageName, readonly Look[]>, messages: number): ChainRun {
  const ingest = looks.get('ingest')!;
  // The last look at which nothing had begun.
  const firstIndex = Math.max(0, ingest.findIndex(({ scrape }) => takenBy(scrape, 'ingest') > 0) - 1);
  const first = ingest[firstIndex]!;
  const last = ingest.at(-1)!;
  const records = plan.records - takenBy(first.scrape, 'ingest');
  const seconds = (last.scrape.at - first.scrape.at) / 1_000;
  const per = (difference: number): number => (difference * 1e6) / records;
  const cpu = stageNames.reduce((sum, stage) => {
    const ofStage = looks.get(stage)!;
    return sum + ofStage.at(-1)!.scrape.cpuSeconds - ofStage[firstIndex]!.scrape.cpuSeconds;
  }, 0);
  const expected = (stage: StageName): number => takenBy(looks.get(stage)!.at(-1)!.scrape, stage);
  const stages = new Map(
    stageNames.map((stage) => [stage, measured(stage, stage, looks.get(stage)!, expected(stage))]),
  );
  return {
    perSecond: records / seconds,
    seconds,
    cpuMicros: per(cpu),
    brokerMicros: per(last.brokerCpuSeconds - first.brokerCpuSeconds),
    redisMicros: per(last.redisCpuSeconds - first.redisCpuSeconds),
    messages,
    rssBytes: Math.max(...[...stages.values()].map(({ rssBytes }) => rssBytes)),
    stages,
    looks,
  };
}
