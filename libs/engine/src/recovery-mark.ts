import { decodeEntry, encodeEntry } from './entry-codec.ts';

/** The engine's own entry in a slot that is rebuilt from the log. */
export const recoveryKey = '!m:recovery';

/**
 * Stands in the slot itself, so that whoever owns the partition obeys it, also after a crash in the midst of a replay that
 * takes hours: outputs of records below `mutedBelow` were written before the state was lost.
 */
export interface RecoveryMark {
  readonly mutedBelow: number;
  /** False while the slot is being filled: nobody may start on a part of what is known. */
  readonly whole: boolean;
}

export const encodeMark = (mark: RecoveryMark): Uint8Array => encodeEntry(mark);

export function markIn(resident: ReadonlyMap<string, Uint8Array>): RecoveryMark | undefined {
  const bytes = resident.get(recoveryKey);
  return bytes === undefined ? undefined : decodeEntry<RecoveryMark>(bytes);
}
