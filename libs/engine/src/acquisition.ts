import type { Fingerprint, Position } from '@tocsin/core';
import type { DeadLetterLimit } from './dead-letter-limit.ts';
import { EngineError } from './engine-error.ts';
import { PartitionRun } from './partition-run.ts';
import { markIn } from './recovery-mark.ts';
import type { RunnerParts } from './runner-parts.ts';

const firstGeneration = 1;

/** What an owner remembers from one acquisition to the next. */
export interface OwnerMemory {
  readonly partition: number;
  readonly poison: ReadonlyMap<string, string>;
  readonly deadLetters: DeadLetterLimit;
}

/**
 * Takes the slot over and looks whether the log is still the one that its position is about.
 * @throws EngineError BEYOND_END, BEFORE_START, STATE_EMPTY, ENTRY_FORMAT; Fenced; whatever log and store throw
 */
export async function acquireRun<In>(
  parts: RunnerParts<In>,
  memory: OwnerMemory,
): Promise<PartitionRun<In> | { readonly busyMs: number }> {
  const { options, limits, stage } = parts;
  const { partition } = memory;
  const slot = options.state.slot(stage.name, partition);
  const acquired = await slot.acquire({ leaseMs: limits.leaseMs, takeOver: options.takeOver ?? true });
  if ('busyMs' in acquired) return acquired;
  const mark = markIn(acquired.resident);
  if (mark?.whole === false) {
    throw new EngineError('STATE_EMPTY', 'The store is being rebuilt, and that is not finished.');
  }
  const { start, end } = await options.log.bounds(stage.input, partition);
  const saved = acquired.position ?? (await firstPosition(parts, partition, start, end));
  // A replay of all that the log has begins where it begins now; retention may have gone on.
  const position = mark === undefined ? saved : { ...saved, offset: Math.max(saved.offset, start) };
  const expected = expectedRecord(position, start, end);
  const run = new PartitionRun(parts, { ...memory, slot, acquired, position, expected, end });
  // Saved first: a group that knows of a partition without a position stops it.
  if (acquired.position === null) await run.checkpoint(false);
  if (mark === undefined) await tellGroup(parts, partition, position);
  return run;
}

/**
 * The group is the only witness of a partition, should the store be emptied: so it knows of one before its first record is
 * processed, not only after. Later it is a measure, for which nobody waits: told again here, because the owner before may
 * have gone, or Kafka been away, when it was to be told.
 */
async function tellGroup<In>(
  { subscription }: RunnerParts<In>,
  partition: number,
  { offset, fingerprint }: Position,
): Promise<void> {
  const told = subscription().commit(partition, offset);
  if (fingerprint === null) await told;
  else told.catch(() => {});
}

/** Where a partition begins that no one has worked on; not silently, where the group says that someone has. */
async function firstPosition<In>(
  { options, group, stage }: RunnerParts<In>,
  partition: number,
  start: number,
  end: number,
): Promise<Position> {
  const { log, startAt = 'earliest' } = options;
  // Whatever was committed: also the beginning, where retention has taken all that was there.
  if ((await log.committed(group, stage.input)).has(partition)) {
    throw new EngineError('STATE_EMPTY', 'The store knows no position, although the group has committed one.');
  }
  const offset =
    startAt === 'earliest'
      ? start
      : startAt === 'latest'
        ? end
        : await log.offsetAt(stage.input, partition, startAt.at);
  return { offset, fingerprint: null, generation: firstGeneration, clockAt: 0 };
}

/** The record that must still be there, null where retention may have taken it: then nothing was missed. */
function expectedRecord({ offset, fingerprint }: Position, start: number, end: number): Fingerprint | null {
  if (offset > end) throw new EngineError('BEYOND_END', 'The saved position lies beyond the end of the log.');
  if (offset < start) throw new EngineError('BEFORE_START', 'Records were removed before they were processed.');
  return fingerprint !== null && fingerprint.offset >= start ? fingerprint : null;
}
