import type { Happened } from '../memory.ts';
import type { CampaignOptions } from '../options.ts';

/** The least that must have happened between two faults; a run with less has tested nothing. */
const recordsPerFault = 100;

/** What happened in a run, beside what the oracle judges. */
export interface Volume {
  /** The bank's. */
  readonly records: number;
  /** Of the bank's records, those that do not stand in its topic; undefined where nobody knows. */
  readonly missing: number | undefined;
  readonly reproductions: number;
  /** Alerts of one account whose order was compared with the one before. */
  readonly compared: number;
  /** When outputs were appended that only the newer build writes which some faults put in the product's place. */
  readonly ofNewerBuild: readonly number[];
}

const newerBuild = ['build-then-older-file', 'rolling-upgrade'];

/** What speaks against a run itself: too little happened, a fault could not be done, or was not recovered from. */
export function hollowness(
  { bed }: Pick<CampaignOptions, 'bed'>,
  faults: readonly Happened[],
  { records, missing, reproductions, compared, ofNewerBuild }: Volume,
): readonly string[] {
  const found: string[] = [];
  if (records < recordsPerFault * faults.length) found.push(`the bank wrote only ${records} records`);
  if (missing !== undefined && missing > 0) found.push(`${missing} records of the bank do not stand in its topic`);
  // In one file log and state fall back together, so there a replay writes little again, or nothing.
  if (bed === 'distributed' && reproductions < faults.length)
    found.push(`only ${reproductions} records were produced again`);
  if (compared < faults.length) found.push(`the order of only ${compared} alerts was compared`);
  for (const { number, kind, target, beganAt, endedAt = Infinity, failed, recoveryMs } of faults) {
    const name = `fault ${number} (${kind} of ${target})`;
    if (newerBuild.includes(kind) && !ofNewerBuild.some((at) => beganAt <= at && at <= endedAt))
      found.push(`${name} had no newer build at work`);
    if (failed !== undefined) found.push(`${name} could not be carried through: ${failed}`);
    if (recoveryMs === undefined) found.push(`${name} was not recovered from`);
  }
  return found;
}
