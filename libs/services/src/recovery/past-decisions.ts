import { topicNames } from '@tocsin/core';
import type { AuditRow, Instant, KillSwitch, Log } from '@tocsin/core';
import { versionOf } from '../activation/activate.ts';
import type { Document, DocumentKind } from '../activation/documents.ts';
import { acceptAction } from './accept-log.ts';
import { everyRecord, jsonOf } from './every-record.ts';

/** A document that was activated, and when. */
export interface Activated {
  readonly kind: DocumentKind;
  readonly tenantId: string;
  readonly document: Document;
  readonly at: Instant;
}

/** What people decided and what stands in no stage's log for ever: read from `audit`, which is kept. */
export interface PastDecisions {
  /** The generation in use of `<stage>/<partition>`, where it is not the first. */
  readonly generations: ReadonlyMap<string, number>;
  /** See `sourcePlace`; by `<stage>/<partition>`. */
  readonly offsetBases: ReadonlyMap<string, number>;
  readonly activations: readonly Activated[];
  /** The last word about each. */
  readonly killSwitches: readonly KillSwitch[];
}

interface AcceptDetails {
  readonly stage: string;
  readonly partition: number;
  readonly generation: number;
  readonly offsetBase?: number;
}

export async function pastDecisions(log: Log, kinds: readonly DocumentKind[]): Promise<PastDecisions> {
  const generations = new Map<string, number>();
  const offsetBases = new Map<string, number>();
  const activations: Activated[] = [];
  const switches = new Map<string, KillSwitch>();
  for await (const record of everyRecord(log, topicNames.audit)) {
    const row = jsonOf<AuditRow>(record);
    if (row === undefined || row.result !== 'done') continue;
    const { action, tenantId, details } = row;
    const kind = kinds.find((one) => one.action === action);
    if (kind !== undefined) {
      const { document, above } = details as unknown as { document: Document; above: number };
      const version = versionOf(record.offset, above);
      activations.push({ kind, tenantId, document: { ...document, version }, at: record.timestamp });
    } else if (action === acceptAction) {
      const { stage, partition, generation, offsetBase } = details as unknown as AcceptDetails;
      const place = `${stage}/${partition}`;
      generations.set(place, Math.max(generation, generations.get(place) ?? 0));
      if (offsetBase !== undefined) offsetBases.set(place, Math.max(offsetBase, offsetBases.get(place) ?? 0));
    } else {
      const killSwitch = killSwitchOf(row);
      if (killSwitch === undefined) continue;
      const place = `${tenantId} ${killSwitch.scope}`;
      if ((switches.get(place)?.at ?? -1) <= killSwitch.at) switches.set(place, killSwitch);
    }
  }
  return { generations, offsetBases, activations, killSwitches: [...switches.values()] };
}

/** `kill-switch <scope> on|off`, as the gateway writes it down. */
function killSwitchOf({ action, tenantId, actor, why, at }: AuditRow): KillSwitch | undefined {
  const match = /^kill-switch (.+) (on|off)$/s.exec(action);
  return match === null
    ? undefined
    : { tenantId, scope: match[1]!, on: match[2] === 'on', by: actor, why: why ?? '', at };
}

/** Of each tenant the newest that was activated by a time: what came later stands in the log that is replayed. */
export function inForceAt(
  activations: readonly Activated[],
  name: DocumentKind['name'],
  at: Instant,
): readonly Activated[] {
  const newest = new Map<string, Activated>();
  for (const one of activations) {
    if (one.kind.name !== name || one.at > at) continue;
    if ((newest.get(one.tenantId)?.document.version ?? 0) < one.document.version) newest.set(one.tenantId, one);
  }
  return [...newest.values()];
}
