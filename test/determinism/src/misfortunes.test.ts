import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { acts } from './act.ts';
import { hardLife, sufferedLife } from './hard-life.ts';
import { live } from './life.ts';
import { Fleet, misfortune } from './misfortunes.ts';
import { judge } from './oracle.ts';
import type { Pipeline } from './pipeline.ts';
import { prepared } from './replay.ts';
import { patienceMs, tried, usualRuns } from './runs.ts';
import { stageNames } from './stages.ts';
import { reproductionsIn, traceOf } from './trace.ts';

/** That nothing happened would prove nothing. */
const seen = { fallBacks: 0, killed: 0, reproductions: 0 };

function note(pipeline: Pipeline, { fallBacks, killed }: Fleet): void {
  seen.fallBacks += fallBacks;
  seen.killed += killed;
  seen.reproductions += reproductionsIn(pipeline);
}

const misfortunes = fc.array(misfortune, { minLength: 4, maxLength: 24 });

describe('a stage of the product, on machines that are stopped, killed, frozen and doubled, over a store that falls back', () => {
  it(
    'writes and remembers the same in the end, byte for byte',
    async () => {
      await fc.assert(
        fc.asyncProperty(acts(), misfortunes, fc.integer({ min: 1, max: 30 }), async (given, suffered, most) => {
          const lived = await live(given);
          for (const stage of stageNames) {
            const pipeline = prepared(lived, stage, (available) => Math.min(available, most));
            const fleet = new Fleet(pipeline, [stage]);
            for (const what of suffered) await fleet.suffer(what);
            await fleet.recover();
            expect(traceOf(pipeline, stage)).toEqual(traceOf(lived.pipeline, stage));
            note(pipeline, fleet);
          }
        }),
        tried(14),
      );
    },
    patienceMs,
  );
});

describe('all stages of the product in a row, while they suffer so', () => {
  it(
    'lose, invent and double nothing, by an oracle that shares nothing with the engine',
    async () => {
      await fc.assert(
        fc.asyncProperty(hardLife, async (given) => {
          const { pipeline, fleet } = await sufferedLife(given);
          expect(judge(pipeline).faults).toEqual([]);
          note(pipeline, fleet);
        }),
        tried(14),
      );
    },
    patienceMs,
  );
});

afterAll(() => {
  if (!usualRuns) return;
  expect(seen.fallBacks).toBeGreaterThan(15);
  expect(seen.killed).toBeGreaterThan(10);
  expect(seen.reproductions).toBeGreaterThan(200);
});
