import { keyOf } from '../partition.ts';
import type { AccountEventKind, AccountHoldersRecord } from '../records/account.ts';
import type { AccountFacts } from '../rules/frame.ts';
import { History } from '../rules/history.ts';
import type { Instant } from '../time.ts';
import type { Status } from '../transaction.ts';
import type { ChosenConditions } from './chosen-conditions.ts';
import type { ShortAccount, StoredAccount } from './stored-account.ts';

/*
 * The entries of detect. Each account has one of its own, small whatever the account's traffic; what grows with traffic
 * lies beside it, so that a busy account costs no more per transaction than others.
 *
 *   a:<tenant>:<account>      AccountState, with the ids of its transactions as far as they fit
 *   s:…:<transaction>         SeenTransaction of a busy account, 7 days after it was last seen; 30 days while not yet booked
 *   l:…:<lifecycle>           Lifecycle, where the bank names one besides the id; 30 days
 *   i:…:<record>              the id of a record from outside that was applied; 7 days
 *   !rules:<tenant>[/<rule>]  the rule set in force
 */

/** What one holder wants to hear of, and what the conditions remember for that holder. */
export interface HolderConditions {
  readonly customerId: string;
  readonly acceptedAt: Instant;
  readonly chosen: ChosenConditions;
  /** By condition id. */
  memory: Record<string, unknown> | undefined;
}

/** A customer said that such a payment was genuine: this rule keeps silent about this merchant and card for a while. */
export interface Trust {
  readonly rule: string;
  readonly merchant: string;
  readonly card: string;
  readonly until: Instant;
}

export interface Holders {
  readonly acceptedAt: Instant;
  readonly list: AccountHoldersRecord['holders'];
}

export interface Settings {
  readonly acceptedAt: Instant;
  readonly country?: string;
  readonly openedAt?: Instant;
  readonly currency?: string;
}

export interface LabelCounts {
  fraud: number;
  genuine: number;
}

export type EventCounts = Partial<Record<AccountEventKind, { count: number; lastAt: Instant }>>;

/** One account while steps work with it. Every field is always there, so that all accounts look alike to the compiler. */
export class AccountState {
  readonly history: History;
  /** See `SeenIds`. Absent in what build 0.1.0 wrote: then all ids lie apart. */
  seen: string | undefined = undefined;
  /** Where `seen` is full: when the first id of it is forgotten. */
  roomAt: Instant | undefined = undefined;
  /** Until then some ids may lie in entries of their own. */
  apartUntil: Instant | undefined = undefined;
  /** Time of the first transaction. */
  firstAt: Instant | undefined = undefined;
  /** The customer whom transactions name; counts while there is no list of holders. */
  owner: string | undefined = undefined;
  holders: Holders | undefined = undefined;
  settings: Settings | undefined = undefined;
  /** One for each customer that chose something, the newest choice last. */
  conditions: readonly HolderConditions[] | undefined = undefined;
  trusted: Trust[] | undefined = undefined;
  labels: LabelCounts | undefined = undefined;
  events: EventCounts | undefined = undefined;
  /** Until then some payment may have a lifecycle in an entry of its own. */
  lifecyclesUntil: Instant | undefined = undefined;

  constructor(history: History) {
    this.history = history;
  }

  /** What is stored of it: MessagePack asks for it as JSON does. */
  toJSON(): StoredAccount {
    const row = this.#row();
    return this.lifecyclesUntil === undefined ? row : [...row, this.lifecyclesUntil];
  }

  #row(): ShortAccount {
    return [
      this.history.pack() ?? null,
      this.history.storedSets() ?? null,
      this.seen ?? null,
      this.roomAt ?? null,
      this.apartUntil ?? null,
      this.firstAt ?? null,
      this.owner ?? null,
      this.holders ?? null,
      this.settings ?? null,
      this.conditions?.map(({ customerId, acceptedAt, chosen, memory }) => [
        customerId,
        acceptedAt,
        chosen.text,
        memory ?? null,
      ]) ?? null,
      this.trusted ?? null,
      this.labels ?? null,
      this.events ?? null,
    ];
  }
}

export function newAccount(): AccountState {
  const account = new AccountState(new History());
  account.seen = '';
  return account;
}

/** In the order of a payment's life: a later status updates a transaction, an earlier one that comes late changes nothing. */
export const statusOrder: readonly Status[] = ['pending', 'authorised', 'booked', 'declined', 'reversed'];

/** The state of one payment over its statuses. */
export interface Lifecycle {
  readonly status: Status;
  /** Time and amount of its first record: under these it stands in the windows. */
  readonly at: Instant;
  readonly minor: number;
  /** Rules, and conditions as `condition@customer`, that fired for it: each fires once. */
  readonly fired?: readonly string[];
}

export interface SeenTransaction extends Lifecycle {
  /** Absent when only a reversal that named it was seen. */
  readonly content?: number;
  /** The lifecycle in which it stands, where that is not its own id. */
  readonly lifecycle?: string;
  /** Of what fired, for a label that comes later. */
  readonly merchant?: string;
  readonly card?: string;
}

/** Ids may hold colons; the length makes `a:b` + `c` and `a` + `b:c` two keys. */
const scoped = (kind: string, tenantId: string, accountId: string, id: string): string =>
  `${kind}:${accountId.length}:${tenantId}:${accountId}:${id}`;

export const accountEntry = (tenantId: string, accountId: string): string => `a:${keyOf(tenantId, accountId)}`;
export const seenEntry = (tenantId: string, accountId: string, id: string): string =>
  scoped('s', tenantId, accountId, id);
export const lifecycleEntry = (tenantId: string, accountId: string, id: string): string =>
  scoped('l', tenantId, accountId, id);
export const appliedEntry = (tenantId: string, accountId: string, id: string): string =>
  scoped('i', tenantId, accountId, id);

export const factsOf = ({ settings, firstAt }: AccountState, at: Instant): AccountFacts => {
  const openedAt = settings?.openedAt ?? Math.min(firstAt ?? at, at);
  return settings?.country === undefined ? { openedAt } : { country: settings.country, openedAt };
};

/** Who hears of what happens on the account; empty when nobody is known. */
export const holdersOf = ({ holders, owner }: AccountState): readonly string[] => {
  if (holders !== undefined) return holders.list.map(({ customerId }) => customerId);
  return owner === undefined ? [] : [owner];
};

/** Stands for the holders of an account of whom nobody is known. */
export const nobody = (accountId: string): string => `account/${accountId}`;
