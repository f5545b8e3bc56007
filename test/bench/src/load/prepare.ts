import type { Bed } from '../bed/bed.ts';
import { drain, standing } from '../bed/draining.ts';
import { stageNames } from '../bed/service-process.ts';
import type { StageName } from '../bed/service-process.ts';
import { appendAll, bankRecords } from './feeder.ts';
import type { Plan } from './plan.ts';
import { setUpRecords } from './set-up.ts';

export type Say = (line: string) => void;

/** Accounts, holders, conditions, profiles and consent stand in the states of these stages. Ingest has none. */
export async function setUp(bed: Bed, plan: Plan, say: Say, stages: readonly StageName[] = stageNames): Promise<void> {
  say(`setting up ${plan.accounts} accounts, ${plan.reachable} of them reachable`);
  await appendAll(bed.log, setUpRecords(plan, bed.partitions));
  for (const stage of stages) if (stage !== 'ingest') await drain(bed, stage, await standing(bed, stage));
}

/** Fills the bank's topic. */
export async function fill(bed: Bed, plan: Plan, say: Say): Promise<void> {
  say(`appending ${plan.records} transactions`);
  await appendAll(bed.log, bankRecords(plan, bed.partitions));
}

/**
 * A backlog before one stage and nothing behind it: set up, filled, and drained by the stages before. Returns how many
 * records the stage has before it.
 */
export async function backlogBefore(bed: Bed, stage: StageName, plan: Plan, say: Say): Promise<number> {
  const upTo = stageNames.slice(0, stageNames.indexOf(stage) + 1);
  if (stage !== 'ingest') await setUp(bed, plan, say, upTo);
  const consumed = new Map<StageName, number>();
  for (const name of stageNames) consumed.set(name, await standing(bed, name));
  await fill(bed, plan, say);
  const waiting = async (name: StageName): Promise<number> => (await standing(bed, name)) - consumed.get(name)!;
  for (const before of upTo.slice(0, -1)) {
    say(`draining ${before}`);
    await drain(bed, before, await waiting(before));
  }
  return waiting(stage);
}
