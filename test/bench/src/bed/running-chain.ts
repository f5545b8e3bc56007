import type { Bed } from './bed.ts';
import { look } from './measure-stage.ts';
import type { Look } from './measure-stage.ts';
import { takenBy } from './scrape.ts';
import { stageNames, untilItAnswers } from './service-process.ts';
import type { ServiceProcess, StageName } from './service-process.ts';

/** The four services, a process each. */
export interface RunningChain {
  readonly services: ReadonlyMap<StageName, ServiceProcess>;
  look(): Promise<ReadonlyMap<StageName, Look>>;
  stop(): Promise<void>;
}

/** Starts them, whoever is behind before whoever is in front, so that each is ready when its first record comes. */
export async function startChain(
  bed: Bed,
  nodeOptions: (stage: StageName) => readonly string[] = () => [],
): Promise<RunningChain> {
  const services = new Map<StageName, ServiceProcess>();
  const last = new Map<StageName, Look>();
  const chain: RunningChain = {
    services,
    async look() {
      const scrapes = await Promise.all(
        [...services].map(async ([stage, service]) => [stage, await service.scrape()] as const),
      );
      for (const [stage, scrape] of scrapes) last.set(stage, look(bed, scrape));
      return new Map(last);
    },
    async stop() {
      for (const service of services.values()) await service.stop();
      for (const [stage, { scrape }] of last) bed.tookMore(stage, takenBy(scrape, stage));
    },
  };
  try {
    for (const stage of [...stageNames].reverse()) {
      const service = await bed.start(stage, nodeOptions(stage));
      services.set(stage, service);
      await untilItAnswers(service);
    }
    return chain;
  } catch (error) {
    await chain.stop();
    throw error;
  }
}
