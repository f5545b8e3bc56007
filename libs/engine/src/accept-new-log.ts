import type { Log, Position, StateStore } from '@tocsin/core';
import { EngineError } from './engine-error.ts';
import { recoveryKey } from './recovery-mark.ts';

export interface AcceptNewLog {
  /** The stage's name and its input topic. */
  readonly stage: { readonly name: string; readonly input: string };
  readonly partition: number;
  readonly log: Log;
  readonly state: StateStore;
  /** Where to go on in the log that stands there now. */
  readonly from: 'start' | 'end' | number;
  readonly leaseMs?: number;
}

/**
 * An operator's decision, for `tocsin accept-log`: takes the log that stands there now for the right one.
 * The state stays; the generation rises, so that outputs of the new log are not mistaken for those of the old one.
 * Stop the stage first: whoever runs the partition is fenced.
 * @throws EngineError BEYOND_END, BEFORE_START for an offset outside the log, STATE_EMPTY where the slot has no position; Error where another owner was faster
 */
export async function acceptNewLog(options: AcceptNewLog): Promise<Position> {
  const { stage, partition, log, state, from, leaseMs = 10_000 } = options;
  const { start, end } = await log.bounds(stage.input, partition);
  const offset = from === 'start' ? start : from === 'end' ? end : from;
  if (offset > end) throw new EngineError('BEYOND_END', `The log ends at ${end}.`);
  if (offset < start) throw new EngineError('BEFORE_START', `The log begins at ${start}.`);
  const slot = state.slot(stage.name, partition);
  const acquired = await slot.acquire({ leaseMs, takeOver: true });
  if ('busyMs' in acquired) throw new Error('Another owner holds the slot.');
  const before = acquired.position;
  if (before === null) throw new EngineError('STATE_EMPTY', 'There is no state that could go on with another log.');
  const { generation, clockAt } = before;
  const position: Position = { offset, fingerprint: null, generation: generation + 1, clockAt };
  const { token, version } = acquired;
  // Offsets below which outputs were muted were those of the old log.
  const entries = new Map([[recoveryKey, null]]);
  const saved = await slot.checkpoint({ token, version, position, entries, leaseMs, release: true });
  if (saved === 'fenced') throw new Error('Another owner took the slot meanwhile.');
  return position;
}
