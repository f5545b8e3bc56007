import type { Happened } from '../memory.ts';
import type { CampaignOptions } from '../options.ts';

/** The least that must have happened between two faults; a run with less has tested nothing. */
const recordsPerFault = 100;

/** What speaks against a run itself: too little happened, a fault could not be done, or was not recovered from. */
export function hollowness(
  { bed }: Pick<CampaignOptions, 'bed'>,
  faults: readonly Happened[],
  records: number,
  reproductions: number,
  compared: number,
): readonly string[] {
  const found: string[] = [];
  if (records < recordsPerFault * faults.length) found.push(`the bank wrote only ${records} records`);
  // In one file log and state fall back together, so there a replay writes little again, or nothing.
  if (bed === 'distributed' && reproductions < faults.length)
    found.push(`only ${reproductions} records were produced again`);
  if (compared < faults.length) found.push(`the order of only ${compared} alerts was compared`);
  for (const { number, kind, target, failed, recoveryMs } of faults) {
    const name = `fault ${number} (${kind} of ${target})`;
    if (failed !== undefined) found.push(`${name} could not be carried through: ${failed}`);
    if (recoveryMs === undefined) found.push(`${name} was not recovered from`);
  }
  return found;
}
