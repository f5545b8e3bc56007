import type { Bed } from '../bed/bed.ts';
import { drain, waiting } from '../bed/draining.ts';
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
  // Detect has nothing to say to the others yet; deliver waits for what alert knows of the customers.
  const behind = stages.filter((stage) => stage === 'alert' || stage === 'deliver');
  const inTurn = async (): Promise<void> => {
    for (const stage of behind) await drain(bed, stage);
  };
  await Promise.all([stages.includes('detect') ? drain(bed, 'detect') : undefined, inTurn()]);
}

/** Fills the bank's topic. */
export async function fill(bed: Bed, plan: Plan, say: Say): Promise<void> {
  say(`appending ${plan.records} transactions`);
  await appendAll(bed.log, bankRecords(plan, bed.partitions));
}

/**
 * A backlog before one stage: set up, filled, and drained by the stages before. Returns how many records the stage has
 * before it.
 */
export async function backlogBefore(bed: Bed, stage: StageName, plan: Plan, say: Say): Promise<number> {
  const upTo = stageNames.slice(0, stageNames.indexOf(stage) + 1);
  if (stage !== 'ingest') await setUp(bed, plan, say, upTo);
  await fill(bed, plan, say);
  for (const before of upTo.slice(0, -1)) {
    say(`draining ${before}`);
    await drain(bed, before);
  }
  return waiting(bed, stage);
}
