import { keyOf } from '../partition.ts';
import type { AccountEventKind, AccountHoldersRecord, ConditionSetting } from '../records/account.ts';
import type { AccountFacts } from '../rules/frame.ts';
import { History } from '../rules/history.ts';
import type { HistoryByName, StoredHistory } from '../rules/history.ts';
import type { Entries } from '../stage.ts';
import type { Instant } from '../time.ts';
import type { Status } from '../transaction.ts';
import { chosenConditions } from './chosen-conditions.ts';
import type { ChosenConditions } from './chosen-conditions.ts';

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
  memory?: Record<string, unknown>;
}

/** As an entry holds it. Build 0.1.0 wrote the settings as they are, and always a memory. */
interface StoredConditions {
  readonly customerId: string;
  readonly acceptedAt: Instant;
  /** As JSON: it is read and written at the cost of a copy. */
  readonly settings: string | Readonly<Record<string, ConditionSetting>>;
  readonly memory?: Record<string, unknown>;
}

/** A customer said that such a payment was genuine: this rule keeps silent about this merchant and card for a while. */
export interface Trust {
  readonly rule: string;
  readonly merchant: string;
  readonly card: string;
  readonly until: Instant;
}

/** What is known of an account besides its history and its holders' conditions. */
interface AccountParts {
  /** See `SeenIds`. Absent in what build 0.1.0 wrote: then all ids lie apart. */
  seen?: string | undefined;
  /** Where `seen` is full: when the first id of it is forgotten. */
  roomAt?: Instant | undefined;
  /** Until then some ids may lie in entries of their own. */
  apartUntil?: Instant | undefined;
  /** Time of the first transaction. */
  firstAt?: Instant | undefined;
  /** The customer whom transactions name; counts while there is no list of holders. */
  owner?: string | undefined;
  holders?: { readonly acceptedAt: Instant; readonly list: AccountHoldersRecord['holders'] } | undefined;
  settings?:
    | {
        readonly acceptedAt: Instant;
        readonly country?: string;
        readonly openedAt?: Instant;
        readonly currency?: string;
      }
    | undefined;
  trusted?: Trust[] | undefined;
  labels?: { fraud: number; genuine: number } | undefined;
  events?: Partial<Record<AccountEventKind, { count: number; lastAt: Instant }>> | undefined;
}

/** The value of an account's entry. */
export interface StoredAccount extends AccountParts, StoredHistory {
  /** Only in what build 0.1.0 wrote. */
  readonly history?: HistoryByName;
  readonly conditions?: readonly StoredConditions[];
}

/** One account while steps work with it: its entry, taken apart. Every field is always there, so that all accounts look alike. */
export class AccountState implements AccountParts {
  readonly history: History;
  seen: AccountParts['seen'];
  roomAt: AccountParts['roomAt'];
  apartUntil: AccountParts['apartUntil'];
  firstAt: AccountParts['firstAt'];
  owner: AccountParts['owner'];
  holders: AccountParts['holders'];
  settings: AccountParts['settings'];
  /** One for each customer that chose something, the newest choice last. */
  conditions: readonly HolderConditions[] | undefined;
  trusted: AccountParts['trusted'];
  labels: AccountParts['labels'];
  events: AccountParts['events'];

  constructor(stored: StoredAccount) {
    this.history = stored.history === undefined ? History.from(stored) : History.fromNames(stored.history);
    this.seen = stored.seen;
    this.roomAt = stored.roomAt;
    this.apartUntil = stored.apartUntil;
    this.firstAt = stored.firstAt;
    this.owner = stored.owner;
    this.holders = stored.holders;
    this.settings = stored.settings;
    this.conditions = stored.conditions?.map(({ customerId, acceptedAt, settings, memory }) => ({
      customerId,
      acceptedAt,
      chosen: chosenConditions(typeof settings === 'string' ? settings : JSON.stringify(settings)),
      ...(memory === undefined ? {} : { memory }),
    }));
    this.trusted = stored.trusted;
    this.labels = stored.labels;
    this.events = stored.events;
  }

  /** Of a step that may only look, or is about to write it. */
  static find(entries: Entries, key: string): AccountState | undefined {
    const value = entries.get<AccountState | StoredAccount>(key);
    return value === undefined || value instanceof AccountState ? value : new AccountState(value);
  }

  /** What is stored of it: MessagePack asks for it as JSON does. */
  toJSON(): StoredAccount {
    const stored: StoredAccount & { conditions?: readonly StoredConditions[] } = this.history.toJSON();
    // Only what there is, always in this order, so that the same state is the same bytes.
    if (this.seen !== undefined) stored.seen = this.seen;
    if (this.roomAt !== undefined) stored.roomAt = this.roomAt;
    if (this.apartUntil !== undefined) stored.apartUntil = this.apartUntil;
    if (this.firstAt !== undefined) stored.firstAt = this.firstAt;
    if (this.owner !== undefined) stored.owner = this.owner;
    if (this.holders !== undefined) stored.holders = this.holders;
    if (this.settings !== undefined) stored.settings = this.settings;
    if (this.conditions !== undefined) stored.conditions = this.conditions.map(storedConditions);
    if (this.trusted !== undefined) stored.trusted = this.trusted;
    if (this.labels !== undefined) stored.labels = this.labels;
    if (this.events !== undefined) stored.events = this.events;
    return stored;
  }
}

const storedConditions = ({ customerId, acceptedAt, chosen, memory }: HolderConditions): StoredConditions =>
  memory === undefined
    ? { customerId, acceptedAt, settings: chosen.text }
    : { customerId, acceptedAt, settings: chosen.text, memory };

export const newAccount = (): AccountState => new AccountState({ seen: '' });

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
