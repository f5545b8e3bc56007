import { nextOffsetBase, offsetBaseEntry } from '@tocsin/core';
import { acceptNewLog, decodeEntry, encodeEntry } from '@tocsin/engine';
import type { Platform } from '../platform/platform.ts';
import { diagnose } from './diagnosis.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { InstalledStage } from './installed-stages.ts';
import { auditOperator } from './operator-audit.ts';
import { RetryRequests } from './retry-requests.ts';

/** As it stands in `audit`; `tocsin recover` finds there which generation was in use. */
export const acceptAction = 'accept-log';

export interface Acceptance extends Diagnosis {
  /** What is done, or would be. `nothing`: the log is the one that was read. `impossible`: there is no state to go on with. */
  readonly does: 'accept' | 'nothing' | 'impossible';
  /** Where it goes on, under which generation. */
  readonly from?: number;
  readonly generation?: number;
}

export interface AcceptOptions {
  /** All that need it, when absent. */
  readonly partitions?: readonly number[];
  readonly from: 'start' | 'end' | number;
  readonly dryRun: boolean;
  /** Also where the log looks like the one that was read: it may have been found out too late. */
  readonly force?: boolean;
}

const needsAcceptance: readonly Diagnosis['verdict'][] = ['BEYOND_END', 'BEFORE_START', 'FINGERPRINT_DIFFERS'];

/** Takes the log that stands there now for the right one, partition by partition, where it is not the one that was read. */
export async function acceptLog(
  platform: Platform,
  stage: InstalledStage,
  { partitions, from, dryRun, force = false }: AcceptOptions,
): Promise<readonly Acceptance[]> {
  const looked = await diagnose(platform, stage);
  const chosen = looked.filter(({ partition }) => partitions?.includes(partition) ?? true);
  const retries = new RetryRequests(platform.shortTerm);
  const done: Acceptance[] = [];
  for (const diagnosis of chosen) {
    const { partition, verdict, position, start, end } = diagnosis;
    const accepts = needsAcceptance.includes(verdict) || (force && verdict === 'fits');
    if (position === null || !accepts) {
      const empty = verdict === 'STATE_EMPTY';
      // One that was found to be created again while it was read may yet have had nothing to lose.
      if (!empty && !dryRun) await retries.ask(stage.name, partition);
      done.push({ ...diagnosis, does: empty ? 'impossible' : 'nothing' });
      continue;
    }
    const offset = from === 'start' ? start : from === 'end' ? end : from;
    const generation = position.generation + 1;
    if (!dryRun) {
      const base = stage.kind === 'alert' ? await offsetBase(platform, stage.name, diagnosis) : undefined;
      const details = {
        stage: stage.name,
        topic: stage.topic,
        partition,
        verdict,
        before: position.offset,
        offset,
        generation,
        ...(base === undefined ? {} : { offsetBase: base }),
      };
      await auditOperator(platform, { action: acceptAction, details, at: Date.now() });
      // Before the log is accepted: counted too high, places stay in order all the same.
      if (base !== undefined) await keepOffsetBase(platform, stage.name, partition, base);
      await acceptNewLog({
        stage: { name: stage.name, input: stage.topic },
        partition,
        log: stage.log,
        state: platform.state,
        from,
      });
      await retries.ask(stage.name, partition);
    }
    done.push({ ...diagnosis, does: 'accept', from: offset, generation });
  }
  return done;
}

/** See `sourcePlace`: what `alert` tells of a customer must stay comparable over a log that begins anew. */
async function offsetBase(
  platform: Platform,
  stage: string,
  { partition, position, start }: Diagnosis,
): Promise<number> {
  const [bytes] = await platform.state.slot(stage, partition).peek([offsetBaseEntry]);
  const before = bytes === undefined || bytes === null ? 0 : (decodeEntry<number>(bytes) ?? 0);
  return nextOffsetBase(before, position?.offset ?? 0, start);
}

async function keepOffsetBase(platform: Platform, stage: string, partition: number, base: number): Promise<void> {
  const slot = platform.state.slot(stage, partition);
  const leaseMs = 10_000;
  const acquired = await slot.acquire({ leaseMs, takeOver: true });
  if ('busyMs' in acquired || acquired.position === null) throw new Error('The slot cannot be taken over.');
  const { token, version, position } = acquired;
  const entries = new Map([[offsetBaseEntry, encodeEntry(base)]]);
  const saved = await slot.checkpoint({ token, version, position, entries, leaseMs, release: true });
  if (saved === 'fenced') throw new Error('Another owner took the slot meanwhile.');
}
