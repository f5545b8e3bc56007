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

/** Runs a stage in a process of its own until it has taken `expected` records, then ends it in order. */
export async function drain(bed: Bed, stage: StageName, expected: number): Promise<void> {
  if (expected === 0) return;
  const service = await bed.start(stage);
  try {
    await looksUntil(bed, service, ({ scrape }) => takenBy(scrape, stage) >= expected, { everyMs: 50 });
  } finally {
    await service.stop();
  }
}
