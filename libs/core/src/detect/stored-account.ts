import type { ConditionSetting } from '../records/account.ts';
import { History } from '../rules/history.ts';
import type { HistoryByName, SeenValues } from '../rules/history.ts';
import type { Entries } from '../stage.ts';
import type { Instant } from '../time.ts';
import { AccountState } from './account-state.ts';
import type { EventCounts, HolderConditions, Holders, LabelCounts, Settings, Trust } from './account-state.ts';
import { chosenConditions } from './chosen-conditions.ts';
import { seenFromDecimal } from './seen-ids.ts';

/**
 * The value of an account's entry: a row, since it is written and read with nearly every transaction, and names would be a
 * good part of its bytes. A new field goes to the end; what is shorter was written before there was one.
 */
export type StoredAccount = ShortAccount | readonly [...ShortAccount, lifecyclesUntil: Instant];

export type ShortAccount = readonly [
  rings: string | null,
  sets: Record<string, SeenValues> | null,
  seen: string | null,
  roomAt: Instant | null,
  apartUntil: Instant | null,
  firstAt: Instant | null,
  owner: string | null,
  holders: Holders | null,
  settings: Settings | null,
  conditions: readonly StoredConditions[] | null,
  trusted: Trust[] | null,
  labels: LabelCounts | null,
  events: EventCounts | null,
];

/** The settings are JSON: they are read and written at the cost of a copy. */
type StoredConditions = readonly [
  customerId: string,
  acceptedAt: Instant,
  settings: string,
  memory: Record<string, unknown> | null,
];

/** What build 0.1.0 wrote. */
export interface NamedAccount {
  readonly history: HistoryByName;
  readonly seen?: string;
  readonly roomAt?: Instant;
  readonly apartUntil?: Instant;
  readonly firstAt?: Instant;
  readonly owner?: string;
  readonly holders?: Holders;
  readonly settings?: Settings;
  readonly conditions?: readonly {
    readonly customerId: string;
    readonly acceptedAt: Instant;
    readonly settings: Readonly<Record<string, ConditionSetting>>;
    readonly memory: Record<string, unknown>;
  }[];
  readonly trusted?: Trust[];
  readonly labels?: LabelCounts;
  readonly events?: EventCounts;
}

const isRow = (stored: StoredAccount | NamedAccount): stored is StoredAccount => Array.isArray(stored);

export const storedAccount = (stored: StoredAccount | NamedAccount): AccountState =>
  isRow(stored) ? fromRow(stored) : fromNames(stored);

/** For a step that is about to write it, or that only looks. */
export function findAccount(entries: Entries, key: string): AccountState | undefined {
  const value = entries.get<AccountState | StoredAccount | NamedAccount>(key);
  return value === undefined || value instanceof AccountState ? value : storedAccount(value);
}

export type WhereIdsLie = Pick<AccountState, 'seen' | 'apartUntil' | 'lifecyclesUntil'>;

/** The part of it that says where ids lie, without taking the rest apart. */
export function whereIdsLie(stored: AccountState | StoredAccount | NamedAccount): WhereIdsLie {
  if (stored instanceof AccountState) return stored;
  if (isRow(stored)) {
    return { seen: stored[2] ?? undefined, apartUntil: stored[4] ?? undefined, lifecyclesUntil: stored[13] };
  }
  return { seen: stored.seen, apartUntil: stored.apartUntil, lifecyclesUntil: undefined };
}

function fromRow(row: StoredAccount): AccountState {
  const account = new AccountState(new History(row[0], row[1]));
  account.seen = row[2] ?? undefined;
  account.roomAt = row[3] ?? undefined;
  account.apartUntil = row[4] ?? undefined;
  account.firstAt = row[5] ?? undefined;
  account.owner = row[6] ?? undefined;
  account.holders = row[7] ?? undefined;
  account.settings = row[8] ?? undefined;
  account.conditions = row[9]?.map(([customerId, acceptedAt, settings, memory]) =>
    conditionsOf(customerId, acceptedAt, settings, memory ?? undefined),
  );
  account.trusted = row[10] ?? undefined;
  account.labels = row[11] ?? undefined;
  account.events = row[12] ?? undefined;
  account.lifecyclesUntil = row[13];
  return account;
}

function fromNames(named: NamedAccount): AccountState {
  const account = new AccountState(History.fromNames(named.history));
  account.seen = named.seen === undefined ? undefined : seenFromDecimal(named.seen);
  account.roomAt = named.roomAt;
  account.apartUntil = named.apartUntil;
  account.firstAt = named.firstAt;
  account.owner = named.owner;
  account.holders = named.holders;
  account.settings = named.settings;
  account.conditions = named.conditions?.map(({ customerId, acceptedAt, settings, memory }) =>
    conditionsOf(customerId, acceptedAt, JSON.stringify(settings), Object.keys(memory).length > 0 ? memory : undefined),
  );
  account.trusted = named.trusted;
  account.labels = named.labels;
  account.events = named.events;
  return account;
}

const conditionsOf = (
  customerId: string,
  acceptedAt: Instant,
  settings: string,
  memory: Record<string, unknown> | undefined,
): HolderConditions => ({ customerId, acceptedAt, chosen: chosenConditions(settings), memory });
