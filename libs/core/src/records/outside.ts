import type { Instant } from '../time.ts';
import type { Severity } from './customer.ts';
import type { Disclosure } from './delivery.ts';

/* Records on topics for readers outside the engine: at-least-once, with CloudEvents headers; `ce_id` is the idempotency key. */

/** A request to the bank. Two holders who both say NO about one transaction make the same requestId. */
export interface BankRequest {
  readonly type: 'bank-request';
  readonly version: 1;
  readonly requestId: string;
  readonly tenantId: string;
  readonly kind: 'freeze-card' | 'dispute' | 'agent';
  readonly accountId: string;
  readonly cardToken?: string;
  readonly customerId: string;
  readonly transactionIds: readonly string[];
  readonly reason: string;
  readonly deadlineAt: Instant;
}

export interface StaffCase {
  readonly type: 'case';
  readonly version: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly kind:
    | 'customer-says-fraud'
    | 'freeze-refused'
    | 'freeze-unanswered'
    | 'unreachable'
    | 'unknown-customer'
    | 'unanswered'
    | 'unclear-answer'
    | 'conflict'
    | 'late-answer'
    | 'staff-finding'
    | 'agent-wanted'
    | 'review-stop';
  readonly severity: Severity;
  readonly accountId?: string;
  readonly customerId?: string;
  readonly reasons: readonly string[];
  readonly transactionIds: readonly string[];
  readonly state: 'open' | 'taken' | 'closed';
  readonly history: readonly { readonly at: Instant; readonly what: string }[];
}

/** One disclosure, hash-chained per tenant and partition of the stage that wrote it. Never a value, only names. */
export interface LedgerRow {
  readonly type: 'disclosure';
  readonly version: 1;
  /** The attempt's id. */
  readonly id: string;
  readonly tenantId: string;
  readonly customerId: string;
  readonly deliveryId: string;
  readonly alertId: string;
  readonly attempt: number;
  /**
   * `possible` when the attempt is recorded; a second row with the same id says what became of it. `refused`: the provider
   * was given it, and did not take it; `not-sent`: it was given nothing.
   */
  readonly outcome: 'possible' | 'accepted' | 'not-sent' | 'refused' | 'unknown';
  readonly disclosure: Disclosure;
  readonly at: Instant;
  /** <stage>/<partition> whose chain this row continues, and its place in it. */
  readonly chain: string;
  readonly sequence: number;
  readonly previousHash: string;
  /** SHA-256 over the row's canonical JSON without this field. */
  readonly hash: string;
}

/** What could not be processed or delivered, with its whole story. */
export interface DeadLetter {
  readonly type: 'dead-letter';
  readonly version: 1;
  readonly id: string;
  readonly stage: string;
  readonly kind: 'step-failed' | 'unreadable' | 'too-large' | 'undeliverable';
  /** A sentence without content of the record. */
  readonly reason: string;
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number };
  /** Base64 of key and value of the record concerned, where small enough. */
  readonly key?: string;
  readonly value?: string;
  readonly size?: number;
  readonly sha256?: string;
  /** For deliveries: what was tried. */
  readonly story?: readonly { readonly at: Instant; readonly what: string }[];
}

/** Compacted, kept for ever, keyed tenant:customer: the latest profile and consent, from which an empty store can be rebuilt. */
export interface CustomerSnapshot {
  readonly type: 'customer';
  readonly version: 1;
  readonly tenantId: string;
  readonly customerId: string;
  readonly sourceOffset: number;
  readonly profile: object;
}

/** Keyed tenant:channel:digest(address). Read by the stage `directory`, which tells the gateway who wrote. Null customer: unlinked. */
export interface AddressRecord {
  readonly type: 'address';
  readonly version: 1;
  readonly tenantId: string;
  readonly channel: string;
  readonly addressDigest: string;
  readonly customerId: string | null;
  /** Beside null: who it was untied from, so that a late untying does not undo a newer tie to somebody else. */
  readonly formerly?: string;
}

/** Something that a person may have to answer for later: an attempt on another tenant's data, a kill switch, a link made. */
export interface AuditRow {
  readonly type: 'audit';
  readonly version: 1;
  readonly id: string;
  /** `*` where it concerns the whole installation. */
  readonly tenantId: string;
  /** `key:<id of the API key>`, `jwt:<subject>`, `customer`, `webhook:<channel>`, `operator:<who ran the command>`. */
  readonly actor: string;
  readonly action: string;
  /** `done` or `refused`. */
  readonly result: 'done' | 'refused';
  readonly why?: string;
  /** Of an operator's command: what exactly was done. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly at: Instant;
}
