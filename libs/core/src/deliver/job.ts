import type { DataClass } from '../consent.ts';
import type { TenantPolicy } from '../records/customer.ts';
import type { DeliveryRecord, Disclosure } from '../records/delivery.ts';
import type { DeadLetter } from '../records/outside.ts';
import type { ReceiptState } from '../records/customer.ts';
import type { Instant } from '../time.ts';

/*
 * The state of one partition of `deliver`.
 *   !j:<delivery>        a delivery that is not settled; resident, because the executor looks at all of them
 *   !h:<tenant>          where the ledger's chain is (`ChainHead`)
 *   !p:<tenant>          the tenant's policy, where one was broadcast
 *   c:<tenant:customer>  how the customer can be reached now (`ContactRecord`)
 *   b:<tenant:customer>  what was taken back since then (`BarrierRecord`)
 *   i:<delivery>         what became of a delivery (`Settled`), so that none is accepted twice
 *   d:<tenant:customer>  the newest disclosures, for questions of the customer
 */

export const jobPrefix = '!j:';
export const jobKey = (deliveryId: string): string => jobPrefix + deliveryId;
export const chainKey = (tenantId: string): string => `!h:${tenantId}`;
export const policyKey = (tenantId: string): string => `!p:${tenantId}`;
export const contactKey = (customerKey: string): string => `c:${customerKey}`;
export const barrierKey = (customerKey: string): string => `b:${customerKey}`;
export const settledKey = (deliveryId: string): string => `i:${deliveryId}`;
export const disclosuresKey = (customerKey: string): string => `d:${customerKey}`;

/** An attempt that stands: recorded before the bytes leave, its outcome not yet known. */
export interface Attempting {
  readonly attempt: number;
  /** Token of the owner that alone may send it. */
  readonly by: string;
  /** On the stage clock: with no outcome by then it is doubted. */
  readonly deadlineAt: Instant;
  /** How often it was doubted; absent before the first time. */
  readonly doubts?: number;
  /** Append time of the attempt. */
  readonly startedAt: Instant;
  /** `sourceOffset` of the contact that stood then. Absent where none did, and in states of earlier builds. */
  readonly contactOffset?: number;
  readonly disclosure: Disclosure;
}

/** Does this attempt stand, by number and writer? Only then its outcome is waited for. */
export const stands = (
  job: Job | undefined,
  { attempt, by }: { readonly attempt: number; readonly by?: string },
): boolean => job?.attempting?.attempt === attempt && job.attempting.by === by;

/** A delivery that is waiting (no `attempting`) or under way. Never changed in place: the executor reads it between steps. */
export interface Job {
  readonly delivery: DeliveryRecord;
  /** Append time of the delivery. */
  readonly acceptedAt: Instant;
  /**
   * Its offset; with the priority it decides the order. Append times do not: what was appended together has one time, and
   * the alerts of an account must arrive in the order of its payments. Absent in states of earlier builds.
   */
  readonly place?: number;
  /** Not before that. */
  readonly dueAt: Instant;
  /** Number of the last attempt. */
  readonly attempts: number;
  /** How often the provider said: later. */
  readonly retries: number;
  /** Attempts that may have been seen, those before a redrive included. */
  readonly maySeen: number;
  readonly attempting?: Attempting;
  readonly story: NonNullable<DeadLetter['story']>;
  /** Redrives that were obeyed. */
  readonly redrives: readonly string[];
  /** Nobody needs to hear it any more, since an attempt began: if that one does not send it, none does. */
  readonly withdrawn?: boolean;
}

/** What is remembered of a delivery that is settled. */
export interface Settled {
  readonly state: ReceiptState;
  readonly attempts: number;
  readonly maySeen: number;
  readonly redrives: readonly string[];
}

/** `open` while there is a job. */
export type Remembered = Settled | { readonly state: 'open' };

/** Codes of an outcome `ineligible` by which we ourselves withheld a message; the receipt then says `revoked`. */
export const withheldCodes = ['revoked', 'kill-switch', 'not-allowed'] as const;
export type WithheldCode = (typeof withheldCodes)[number];

/** What the bank's policy lets a channel disclose at this moment: null when the channel is off, undefined without a limit. */
export const mostClasses = (policy: TenantPolicy, channel: string): readonly DataClass[] | null | undefined => {
  const rule = policy.channels[channel];
  return rule?.allowed === true ? rule.maxClasses : null;
};
