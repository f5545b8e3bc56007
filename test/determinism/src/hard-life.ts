import fc from 'fast-check';
import { act } from './act.ts';
import type { Act } from './act.ts';
import { Life, lifeBeginsAt } from './life.ts';
import { Fleet, misfortune } from './misfortunes.ts';
import type { Misfortune } from './misfortunes.ts';
import { Pipeline } from './pipeline.ts';
import type { Breakage } from './pipeline.ts';
import { stageNames } from './stages.ts';

/** What happens to the bank and its customers, and in between to the machines. */
export type HardLife = readonly ({ readonly act: Act } | { readonly suffer: Misfortune })[];

export const hardLife: fc.Arbitrary<HardLife> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: act.map((one) => ({ act: one })) },
    { weight: 1, arbitrary: misfortune.map((one) => ({ suffer: one })) },
  ),
  { minLength: 20, maxLength: 60 },
);

/** All stages in a row, from the first record until everything has recovered. */
export async function sufferedLife(
  given: HardLife,
  broken: Breakage = {},
): Promise<{ readonly pipeline: Pipeline; readonly fleet: Fleet }> {
  const pipeline = new Pipeline({ startAt: lifeBeginsAt, broken });
  const fleet = new Fleet(pipeline, stageNames);
  const life = new Life(pipeline);
  fleet.join();
  await life.begin();
  for (const one of given) {
    if ('act' in one) await life.act(one.act);
    else await fleet.suffer(one.suffer);
  }
  await fleet.recover();
  return { pipeline, fleet };
}
