import type { Log, Position, StateStore } from '@tocsin/core';
import { EngineError } from './engine-error.ts';

export interface AcceptNewLog {
  /** The stage's name and its input topic. */
  readonly stage: { readonly name: string; readonly input: string };
  readonly partition: number;
  readonly log: Log;
  readonly state: StateStore;
  /** Where to go on in the log that stands there now. */
  readonly from: 'start' | 'end' | number;
  /** Where the store knows no position: the generation to go on with, above every one used before. Default 1. */
  readonly generation?: number;
  readonly leaseMs?: number;
}

/**
 * An operator's decision, for `tocsin doctor` and `tocsin recover`: takes the log that stands there now for the right one.
 * The state stays; the generation rises, so that outputs of the new log are not mistaken for those of the old one.
 * Stop the stage first: whoever runs the partition is fenced.
 * @throws EngineError BEYOND_END, BEFORE_START for an offset outside the log; Error where another owner was faster
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
  const position: Position = {
    offset,
    fingerprint: null,
    generation: before === null ? (options.generation ?? 1) : before.generation + 1,
    clockAt: before?.clockAt ?? 0,
  };
  const { token, version } = acquired;
  const saved = await slot.checkpoint({ token, version, position, entries: new Map(), leaseMs, release: true });
  if (saved === 'fenced') throw new Error('Another owner took the slot meanwhile.');
  return position;
}
