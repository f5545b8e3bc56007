import type { LogErrorCode } from '@tocsin/core';
import { LogError } from '@tocsin/core';

/** Every way in which the engine refuses to go on. Those that stop a partition appear in its status and as a metric label. */
export type EngineErrorCode =
  /** A topic of the configuration does not exist. Refuses the start. */
  | 'TOPIC_MISSING'
  /** A topic has another partition count than configured: keys would move. Refuses the start. */
  | 'PARTITIONS_DIFFER'
  /** The record consumed last is another one than before: the topic was deleted and created again, or cut. Stops. */
  | 'FINGERPRINT_DIFFERS'
  /** The saved position lies beyond the end of the log. Stops. */
  | 'BEYOND_END'
  /** The saved position lies before the first record that is kept: records were never processed. Stops. */
  | 'BEFORE_START'
  /** The topic was deleted and created again while it was read. Stops. */
  | 'RECREATED'
  /** The store knows no position although the group once committed one: the store is empty or the wrong one. Stops. */
  | 'STATE_EMPTY'
  /** Too many records became dead letters; a bad release must not dead-letter a stream. Stops. */
  | 'DEAD_LETTERS'
  /** Something would have to become a dead letter, and no topic for them is configured. Stops. */
  | 'DEAD_LETTERS_TOPIC_MISSING'
  /** An entry of the state is over 64 KiB. Stops. */
  | 'ENTRY_TOO_LARGE'
  /** An entry was written by a newer build, or is not an entry at all. Stops. */
  | 'ENTRY_FORMAT'
  /** An output names a topic whose partition count is not configured. Stops. */
  | 'OUTPUT_TOPIC_UNKNOWN'
  /** The log refuses an output as too large; replay would write the same again. Stops. */
  | 'OUTPUT_REFUSED'
  /** Timers set one another without end. Stops. */
  | 'TIMER_LOOP'
  /** A step used an entry that `keys` and `moreKeys` did not name. Becomes a dead letter. */
  | 'KEY_NOT_DECLARED'
  /** A step wrote an entry of the engine (`!w:`, `!t:`), or wrote where it may only read. Becomes a dead letter. */
  | 'ENTRY_NOT_WRITABLE'
  /** A timer without a finite due time, or set by a stage without `onTimer`. Becomes a dead letter. */
  | 'TIMER_INVALID';

export class EngineError extends Error {
  constructor(
    readonly code: EngineErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'EngineError';
  }
}

const deadLetterCodes: ReadonlySet<EngineErrorCode> = new Set([
  'KEY_NOT_DECLARED',
  'ENTRY_NOT_WRITABLE',
  'TIMER_INVALID',
]);

/** True for errors that replay would meet again for ever and that are not the fault of one record: the partition stops. */
export const stops = (error: unknown): error is EngineError =>
  error instanceof EngineError && !deadLetterCodes.has(error.code);

/** Someone else holds the slot now. Not a fault: the partition waits and looks whether it is still its own. */
export class Fenced extends Error {
  constructor(readonly during: 'checkpoint' | 'read' | 'sweep' | 'load') {
    super(`Fenced during ${during}.`);
    this.name = 'Fenced';
  }
}

/** The acquisition was given up while something of it was still under way. */
export class Lost extends Error {
  constructor() {
    super('The partition was given up.');
    this.name = 'Lost';
  }
}

/** A step or timer threw. Its memory may be half changed, so it is thrown away; the replay makes a dead letter of it. */
export class Poisoned extends Error {
  constructor(
    readonly place: string,
    readonly reason: string,
    cause: unknown,
  ) {
    super(reason, { cause });
    this.name = 'Poisoned';
  }
}

/** Why the memory of a partition was thrown away; `other` is mostly a state store that did not answer. */
export type ReplayCause = 'fenced' | 'lost' | 'poisoned' | 'other' | LogErrorCode;

export function replayCause(cause: unknown): ReplayCause {
  if (cause instanceof LogError) return cause.code;
  if (cause instanceof Fenced) return 'fenced';
  if (cause instanceof Poisoned) return 'poisoned';
  return cause instanceof Lost ? 'lost' : 'other';
}
