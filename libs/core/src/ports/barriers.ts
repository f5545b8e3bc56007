import type { ChannelId } from '../consent.ts';

/**
 * A revocation takes effect when it is accepted. A barrier is how every instance learns of it at once: it is read in one
 * round trip immediately before a send, and compared by offset with the customer's contact copy; the newer one wins.
 */
export interface Barrier {
  /** Offset in `customer-events` of the record that this barrier stands for. */
  readonly offset: number;
  /** Which channel; `*` is every channel. */
  readonly channel: ChannelId;
  /**
   * `deny`: the customer stopped the channel. `wait`: something narrower was revoked. `allow`: the channel was opened again,
   * but what was revoked before that stands. Under the last two nothing leaves until the sender's copy of the contact is at
   * least as new, which then decides what may be told.
   */
  readonly verdict: 'allow' | 'deny' | 'wait';
}

const strictness = { allow: 0, wait: 1, deny: 2 } as const;

/** The one that holds: the newer; of two of the same record (for the channel and for all), the one that lets less through. */
export function newerBarrier(one: Barrier | null, other: Barrier | null): Barrier | null {
  if (one === null || other === null) return one ?? other;
  if (one.offset !== other.offset) return one.offset > other.offset ? one : other;
  return strictness[one.verdict] >= strictness[other.verdict] ? one : other;
}

/** A switch of the bank, for one channel, one provider or everything of a tenant. */
export interface KillSwitch {
  readonly tenantId: string;
  /** `all`, `channel:sms` or `provider:<name>`. */
  readonly scope: string;
  readonly on: boolean;
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

export interface BarrierQuestion {
  readonly tenantId: string;
  readonly customerId: string;
  readonly channel: ChannelId;
  readonly provider: string;
}

export interface BarrierAnswer {
  /** The newest barrier that concerns the channel, or null. */
  readonly barrier: Barrier | null;
  /** The scope of a kill switch that is on, or null. */
  readonly killed: string | null;
}

export interface Barriers {
  /** Resolves when the barrier is on the replicas that the store demands; a lower offset never replaces a higher one. */
  raise(tenantId: string, customerId: string, barrier: Barrier): Promise<void>;
  switchKill(killSwitch: KillSwitch): Promise<void>;
  killSwitches(tenantId: string): Promise<readonly KillSwitch[]>;
  /** One round trip for all questions, answers in their order. Rejects when the store cannot be read: then nothing may be sent. */
  ask(questions: readonly BarrierQuestion[]): Promise<readonly BarrierAnswer[]>;
}

/** Rate limits that all instances share. */
export interface TokenBuckets {
  /**
   * Takes up to `want` tokens of a bucket that refills at `perSecond` up to `burst`. `reserve` tokens are left for others
   * (the urgent lane). Returns how many were granted and when the next one is there.
   */
  take(
    bucket: string,
    want: number,
    limit: { readonly perSecond: number; readonly burst: number; readonly reserve?: number },
  ): Promise<{ readonly granted: number; readonly nextInMs: number }>;
}
