import { topicNames } from '@tocsin/core';
import type { StageName, ServiceProcess } from './service-process.ts';
import { untilItAnswers } from './service-process.ts';
import type { Bed } from './bed.ts';
import { bankTopic } from './bed.ts';
import { look } from './measure-stage.ts';
import type { Look } from './measure-stage.ts';
import { takenBy } from './scrape.ts';

export const inputsOf: Readonly<Record<StageName, readonly string[]>> = {
  ingest: [bankTopic],
  detect: [topicNames.accountEvents],
  alert: [topicNames.customerEvents],
  deliver: ['deliveries.sms.urgent', 'deliveries.sms.routine'],
};

/** Records that stand in the topics of a stage. */
export async function standing(bed: Bed, stage: StageName): Promise<number> {
  const counts = await Promise.all(inputsOf[stage].map((topic) => bed.appended(topic)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Looks at a service again and again until `done`; all looks, in order. */
export async function looksUntil(
  bed: Bed,
  service: ServiceProcess,
  done: (look: Look) => boolean | Promise<boolean>,
  { everyMs = 100, limitMs = 300_000 }: { readonly everyMs?: number; readonly limitMs?: number } = {},
): Promise<readonly Look[]> {
  await untilItAnswers(service);
  const looks: Look[] = [];
  const began = performance.now();
  for (;;) {
    const one = look(bed, await service.scrape());
    looks.push(one);
    if (await done(one)) return looks;
    if (performance.now() - began > limitMs) {
      const taken = [...one.scrape.taken].map(([stage, count]) => `${stage} ${count}`).join(', ');
      throw new Error(`${service.name} did not finish within ${limitMs / 1_000} s (${taken}): ${service.lastWords()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Records that stand in the topics of a stage and that no process of it has taken yet. */
export const waiting = async (bed: Bed, stage: StageName): Promise<number> =>
  (await standing(bed, stage)) - (bed.consumed.get(stage) ?? 0);

/**
 * True when all was taken. A stage that writes to itself (ticks, attempts) may have taken some more between the last look
 * and the end of an earlier process, so nearly all and nothing more for a while is all, too.
 */
export function allTaken(
  stage: StageName,
  expected: number,
  { quietMs = 1_500, slack = 0.98 } = {},
): (look: Look) => boolean {
  let last = -1;
  let since = 0;
  return ({ scrape }) => {
    const taken = takenBy(scrape, stage);
    if (taken !== last) {
      last = taken;
      since = scrape.at;
    }
    return taken >= expected || (taken >= slack * expected && scrape.at - since > quietMs);
  };
}

export interface DrainOptions {
  readonly nodeOptions?: readonly string[];
  readonly done?: (look: Look) => boolean;
  readonly everyMs?: number;
  readonly limitMs?: number;
  /** Part of what is expected that must be there before quiet counts as the end. */
  readonly slack?: number;
}

/** Runs a stage in a process of its own until it has taken what stands there, then ends it in order. All looks at it. */
export async function drain(bed: Bed, stage: StageName, options: DrainOptions = {}): Promise<readonly Look[]> {
  const expected = await waiting(bed, stage);
  if (expected === 0) return [];
  const service = await bed.start(stage, options.nodeOptions);
  try {
    const looks = await looksUntil(bed, service, options.done ?? allTaken(stage, expected, options), options);
    bed.tookMore(stage, takenBy(looks.at(-1)!.scrape, stage));
    return looks;
  } finally {
    await service.stop();
  }
}
