import type { Position } from '@tocsin/core';
import { decodeEntry, fits, recoveryKey } from '@tocsin/engine';
import type { RecoveryMark } from '@tocsin/engine';
import type { Platform } from '../platform/platform.ts';
import { groupOf } from './installed-stages.ts';
import type { InstalledStage } from './installed-stages.ts';

/** How the position of a partition and its log stand to each other; the codes are those with which a partition stops. */
export type Verdict =
  /** Nobody has worked on it yet. */
  | 'new'
  /** It goes on where it stands. */
  | 'fits'
  /** The same, and its state is still being rebuilt from the log. */
  | 'rebuilding'
  | 'STATE_EMPTY'
  | 'BEYOND_END'
  | 'BEFORE_START'
  | 'FINGERPRINT_DIFFERS';

export interface Diagnosis {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly verdict: Verdict;
  readonly position: Position | null;
  /** What the log has. */
  readonly start: number;
  readonly end: number;
  /** What the group has committed, null where it never did. */
  readonly committed: number | null;
}

/** Looks at every partition of a stage; changes nothing. Empty where the topic does not exist. */
export async function diagnose(platform: Platform, stage: InstalledStage): Promise<readonly Diagnosis[]> {
  const { log, topic } = stage;
  const partitions = (await log.facts(topic))?.partitions ?? 0;
  if (partitions === 0) return [];
  const committed = await log.committed(groupOf(platform.installation, stage.name), topic);
  const found: Diagnosis[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    found.push(await diagnosePartition(platform, stage, partition, committed.get(partition) ?? null));
  }
  return found;
}

async function diagnosePartition(
  platform: Platform,
  stage: InstalledStage,
  partition: number,
  committed: number | null,
): Promise<Diagnosis> {
  const { name, topic, log } = stage;
  const slot = platform.state.slot(name, partition);
  const { start, end } = await log.bounds(topic, partition);
  const [position, [mark]] = await Promise.all([slot.position(), slot.peek([recoveryKey])]);
  const recovery = mark === undefined || mark === null ? undefined : decodeEntry<RecoveryMark>(mark);
  const verdict = async (): Promise<Verdict> => {
    if (position === null) return committed === null ? 'new' : 'STATE_EMPTY';
    if (recovery?.whole === false) return 'STATE_EMPTY';
    if (position.offset > end) return 'BEYOND_END';
    if (recovery !== undefined) return 'rebuilding';
    if (position.offset < start) return 'BEFORE_START';
    return (await isSameLog(stage, partition, position, start)) ? 'fits' : 'FINGERPRINT_DIFFERS';
  };
  return { stage: name, topic, partition, verdict: await verdict(), position, start, end, committed };
}

/** Is the record that was consumed last still there, unchanged? What retention has removed cannot be asked for. */
async function isSameLog(
  { log, topic, foreign }: InstalledStage,
  partition: number,
  { fingerprint }: Position,
  start: number,
): Promise<boolean> {
  if (fingerprint === null || fingerprint.offset < start) return true;
  const [record] = await log.read(topic, partition, fingerprint.offset, 1);
  if (record === undefined) return foreign;
  // A topic of the bank's may be compacted: then the record may be gone, but never another one.
  return foreign && record.offset > fingerprint.offset ? true : fits(fingerprint, record);
}
