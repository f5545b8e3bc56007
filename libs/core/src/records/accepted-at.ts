import type { Instant } from '../time.ts';

interface Decision {
  acceptedAt?: Instant;
  /** Of a consent: each says itself when it was accepted. */
  readonly changes?: readonly Decision[];
}

/**
 * A decision from outside bears the time of whoever accepted it, and the newer one stands. None was accepted after the log had
 * it: a gateway whose clock is fast would else outrank every later decision until the other clocks had caught up.
 */
export function notAfterAppended<T extends object>(record: T, appendedAt: Instant): T {
  const decision: Decision = record;
  if (decision.acceptedAt !== undefined && decision.acceptedAt > appendedAt) decision.acceptedAt = appendedAt;
  if (Array.isArray(decision.changes)) for (const change of decision.changes) notAfterAppended(change, appendedAt);
  return record;
}
