import type { LogRecord } from '@tocsin/core';

/** What happened, and when, for the oracle: everything in milliseconds since 1970. */
export interface Happened {
  readonly number: number;
  readonly kind: string;
  readonly target: string;
  beganAt: number;
  endedAt?: number;
  /** From the end of the fault until every partition delivered again. */
  recoveryMs?: number;
  /** The fault itself could not be carried through. */
  failed?: string;
}

/** A customer took a channel back, and was answered. */
export interface TakenBack {
  readonly customerId: string;
  readonly channel: 'messenger';
  readonly to: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  /** How many messages the provider had received by then. */
  readonly place: number;
  /** One confirmation may still leave: the customer wrote STOP. */
  readonly mayAnswer: boolean;
}

/** While instances came and went: the longest time in which a partition of the stage saved nothing. */
export interface Pause {
  readonly what: string;
  readonly longestMs: number;
}

/** What stood on a topic when it was deleted: nobody can read it there any more. */
export interface Buried {
  readonly topic: string;
  readonly records: readonly LogRecord[];
}

export class Memory {
  readonly buried: Buried[] = [];
  readonly faults: Happened[] = [];
  readonly pauses: Pause[] = [];
  readonly taken: TakenBack[] = [];
  /** Customers who may still take something back. */
  stoppersDrawn = 0;
  /** The newest version of a rule set and of a policy that was activated. */
  ruleSetVersion = 0;
  policyVersion = 0;
  readonly bankNames: string[] = ['Tocsin Bank'];
}
