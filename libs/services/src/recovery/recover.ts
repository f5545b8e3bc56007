import { offsetBaseEntry } from '@tocsin/core';
import type { Instant } from '@tocsin/core';
import { SlotRebuilding } from '@tocsin/engine';
import { policies, ruleSets } from '../activation/documents.ts';
import type { DocumentKind } from '../activation/documents.ts';
import { configuredChannels } from '../channel-table.ts';
import { keyedDigest } from '../platform/digests.ts';
import type { Platform } from '../platform/platform.ts';
import type { Settings } from '../settings.ts';
import { tenantPolicies } from '../tenant-policies.ts';
import { diagnose } from './diagnosis.ts';
import type { Diagnosis } from './diagnosis.ts';
import { installedStages } from './installed-stages.ts';
import type { InstalledStage } from './installed-stages.ts';
import { fillWithCustomers } from './known-customers.ts';
import { ledgerHeads } from './ledger-heads.ts';
import { auditOperator } from './operator-audit.ts';
import { inForceAt, pastDecisions } from './past-decisions.ts';
import type { PastDecisions } from './past-decisions.ts';
import { RetryRequests } from './retry-requests.ts';

/** One partition whose state is lost, and how it is rebuilt. */
export interface Rebuilding {
  readonly stage: InstalledStage;
  readonly partition: number;
  /** The first record that is replayed. */
  readonly from: number;
  /** Outputs of records below that were written: they are not written again. */
  readonly mutedBelow: number;
  readonly generation: number;
  /** When the first record that is left was appended; null where none is left. What is older is gone. */
  readonly oldestAt: Instant | null;
  /** Records before it, which the log once had. */
  readonly gone: number;
}

export interface RecoveryPlan {
  readonly partitions: readonly Diagnosis[];
  readonly rebuildings: readonly Rebuilding[];
  readonly decisions: PastDecisions;
}

export interface Recovered {
  readonly customers: number;
  readonly documents: number;
  readonly killSwitches: number;
}

/** Looks at every partition of every stage, and what would have to be done; changes nothing. */
export async function planRecovery(platform: Platform, settings: Settings): Promise<RecoveryPlan> {
  const decisions = await pastDecisions(platform.log, kindsOf(settings));
  const partitions: Diagnosis[] = [];
  const rebuildings: Rebuilding[] = [];
  for (const stage of installedStages(settings, platform)) {
    for (const diagnosis of await diagnose(platform, stage)) {
      partitions.push(diagnosis);
      if (diagnosis.verdict === 'STATE_EMPTY') rebuildings.push(await rebuildingOf(stage, diagnosis, decisions));
    }
  }
  return { partitions, rebuildings, decisions };
}

async function rebuildingOf(
  stage: InstalledStage,
  { partition, start, end, committed }: Diagnosis,
  { generations }: PastDecisions,
): Promise<Rebuilding> {
  const known = generations.get(`${stage.name}/${partition}`) ?? 1;
  // Committed beyond the end: the log, too, is another one. Nothing of it was written, and its numbers are new ones.
  const another = committed !== null && committed > end;
  const mutedBelow = another ? start : Math.max(committed ?? start, start);
  const [first] = start < end ? await stage.log.read(stage.topic, partition, start, 1) : [];
  return {
    stage,
    partition,
    // Ingest remembers nothing: it goes on where it was.
    from: stage.kind === 'ingest' ? mutedBelow : start,
    mutedBelow,
    generation: another ? known + 1 : known,
    oldestAt: first?.timestamp ?? null,
    gone: start,
  };
}

const kindsOf = (settings: Settings): readonly DocumentKind[] => [ruleSets(), policies(settings)];

/**
 * The last resort, where the store is empty and there is no snapshot of it: each lost partition is filled with what is known
 * from elsewhere and set to the beginning of its log; its owner replays that, muted as far as its outputs stand already.
 * Nothing counts until a slot is whole, and all of it may be done again.
 */
export async function rebuildStore(platform: Platform, settings: Settings, plan: RecoveryPlan): Promise<Recovered> {
  const { rebuildings, decisions } = plan;
  const details = { partitions: rebuildings.map(({ stage, partition }) => `${stage.name}/${partition}`) };
  await auditOperator(platform, { action: 'recover --accept-amnesia', details, at: Date.now() });
  // Before anything can be sent again.
  for (const killSwitch of decisions.killSwitches) await platform.barriers.switchKill(killSwitch);

  const slots = new Map<string, SlotRebuilding>();
  for (const { stage, partition, from, mutedBelow, generation } of rebuildings) {
    const { state } = platform;
    const slot = new SlotRebuilding({ stage: stage.name, partition, state, from, mutedBelow, generation });
    slots.set(`${stage.name}/${partition}`, slot);
  }
  const documents = putDocuments(plan, settings, slots);
  for (const [place, base] of decisions.offsetBases) slots.get(place)?.put(offsetBaseEntry, base);
  for (const [chain, heads] of await ledgerHeads(platform.log, cutChains(rebuildings))) {
    for (const [key, head] of heads) slots.get(chain)?.put(key, head);
  }
  const configured = configuredChannels(settings).channels;
  const customers = await fillWithCustomers({
    platform,
    channels: Object.fromEntries(configured.map(({ id, channel }) => [id, channel.capabilities])),
    digest: keyedDigest(settings.secret),
    policy: policyAfter(settings, decisions),
    slots,
  });
  // Who sends comes first, so that it has read to its end before it is given anything new.
  const retries = new RetryRequests(platform.shortTerm);
  for (const { stage, partition } of rebuildings.toReversed()) {
    await slots.get(`${stage.name}/${partition}`)!.finish();
    await retries.ask(stage.name, partition);
  }
  return { customers, documents, killSwitches: decisions.killSwitches.length };
}

/** Logs of `deliver` whose beginning is gone: their chains do not begin with what is left. */
const cutChains = (rebuildings: readonly Rebuilding[]): ReadonlyMap<string, number> =>
  new Map(
    rebuildings
      .filter(({ stage, from }) => stage.kind === 'deliver' && from > 0)
      .map(({ stage, partition, from }) => [`${stage.name}/${partition}`, from]),
  );

/** What was activated before the log that is left; what came later is in it. */
function putDocuments(plan: RecoveryPlan, settings: Settings, slots: ReadonlyMap<string, SlotRebuilding>): number {
  const put = new Set<string>();
  for (const { stage, partition, oldestAt } of plan.rebuildings) {
    for (const kind of kindsOf(settings)) {
      const target = kind.targets.find((one) => one.stage === stage.name);
      if (target === undefined) continue;
      for (const { tenantId, document } of inForceAt(plan.decisions.activations, kind.name, oldestAt ?? Infinity)) {
        const slot = slots.get(`${stage.name}/${partition}`)!;
        for (const [key, value] of kind.entries(target, tenantId, document)) slot.put(key, value);
        put.add(`${kind.name} ${tenantId}`);
      }
    }
  }
  return put.size;
}

/** The policy by which contacts are made now. */
function policyAfter(settings: Settings, { activations }: PastDecisions) {
  const configured = tenantPolicies(settings);
  const activated = new Map(
    inForceAt(activations, 'tenant-policy', Infinity).map(({ tenantId, document }) => [tenantId, document]),
  );
  return (tenantId: string) =>
    (activated.get(tenantId) as ReturnType<typeof configured> | undefined) ?? configured(tenantId);
}
