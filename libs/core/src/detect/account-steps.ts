import { keyOf } from '../partition.ts';
import type {
  AccountEventRecord,
  AccountHoldersRecord,
  AccountSettingsRecord,
  BankAnswerRecord,
  ConditionsRecord,
  LabelRecord,
} from '../records/account.ts';
import type { CustomerBankAnswerRecord } from '../records/customer.ts';
import type { Entries, StepContext } from '../stage.ts';
import { days } from '../time.ts';
import { topicNames } from '../topics.ts';
import { accountEntry, holdersOf, newAccount, nobody } from './account-state.ts';
import type { AccountState, HolderConditions, Trust } from './account-state.ts';
import { chosenConditions } from './chosen-conditions.ts';
import { SeenIds } from './seen-ids.ts';
import { findAccount } from './stored-account.ts';

/** How long an answer "it was me" keeps the same rule silent about the same merchant and card. */
const trustFor = days(7);
const maxTrusted = 16;
/** Customers whose choices are kept for one account. */
const maxChoosers = 32;
const maxConditions = 64;

/** A record of the account that is no transaction. */
export type AccountChange =
  AccountEventRecord | AccountHoldersRecord | AccountSettingsRecord | ConditionsRecord | LabelRecord | BankAnswerRecord;

const loadAccount = (entries: Entries, { tenantId, accountId }: AccountChange): AccountState =>
  findAccount(entries, accountEntry(tenantId, accountId)) ?? newAccount();

/**
 * What somebody decided earlier never undoes what was decided later. Of two in one millisecond (a bank's batch has one time
 * for all its records) the later one in the log is the newer one; a repetition of the first was dropped by its id.
 */
const isStale = (known: { readonly acceptedAt: number } | undefined, acceptedAt: number): boolean =>
  known !== undefined && acceptedAt < known.acceptedAt;

/** Applies one change. Returns what became of it, for the counter. */
export function accountStep(context: StepContext, record: AccountChange): 'applied' | 'stale' {
  const { entries } = context;
  const account = loadAccount(entries, record);
  const outcome = change(context, account, record);
  if (outcome === 'applied') entries.put(accountEntry(record.tenantId, record.accountId), account);
  return outcome;
}

function change(context: StepContext, account: AccountState, record: AccountChange): 'applied' | 'stale' {
  switch (record.type) {
    case 'account-event': {
      const events = (account.events ??= {});
      const { count = 0, lastAt = 0 } = events[record.kind] ?? {};
      events[record.kind] = { count: count + 1, lastAt: Math.max(lastAt, record.occurredAt) };
      return 'applied';
    }
    case 'account-holders':
      if (isStale(account.holders, record.acceptedAt)) return 'stale';
      account.holders = { acceptedAt: record.acceptedAt, list: onceEach(record.holders) };
      return 'applied';
    case 'account-settings':
      return changeSettings(account, record);
    case 'conditions':
      return changeConditions(account, record);
    case 'label':
      return label(context, account, record);
    case 'bank-answer':
      passOn(context, account, record);
      return 'applied';
  }
}

/** Who is owner and guardian at once is one recipient. */
const onceEach = (list: AccountHoldersRecord['holders']): AccountHoldersRecord['holders'] =>
  list.filter(({ customerId }, i) => list.findIndex((one) => one.customerId === customerId) === i);

/** A setting that the record does not name stays as it was. */
function changeSettings(account: AccountState, record: AccountSettingsRecord): 'applied' | 'stale' {
  if (isStale(account.settings, record.acceptedAt)) return 'stale';
  const { acceptedAt, country, openedOn, currency } = record;
  account.settings = {
    ...account.settings,
    acceptedAt,
    ...(country === undefined ? {} : { country }),
    ...(openedOn === undefined ? {} : { openedAt: Date.parse(openedOn) }),
    ...(currency === undefined ? {} : { currency }),
  };
  return 'applied';
}

/** Replaces what this holder chose. What a condition remembers stays, since it belongs to the account's course. */
function changeConditions(account: AccountState, record: ConditionsRecord): 'applied' | 'stale' {
  const { customerId, acceptedAt, conditions } = record;
  const known = account.conditions?.find((one) => one.customerId === customerId);
  if (isStale(known, acceptedAt)) return 'stale';
  const on = Object.entries(conditions).filter(([, setting]) => setting.on);
  const settings = Object.fromEntries(on.slice(0, maxConditions));
  const remembered = Object.entries(known?.memory ?? {}).filter(([condition]) => Object.hasOwn(settings, condition));
  const now: HolderConditions = {
    customerId,
    acceptedAt,
    chosen: chosenConditions(JSON.stringify(settings)),
    memory: remembered.length > 0 ? Object.fromEntries(remembered) : undefined,
  };
  const others = (account.conditions ?? []).filter((one) => one !== known);
  account.conditions = [...others, now];
  if (account.conditions.length > maxChoosers) account.conditions = withoutOne(account.conditions, holdersOf(account));
  return 'applied';
}

/** Whoever holds the account no longer goes first, then who chose longest ago. */
function withoutOne(conditions: readonly HolderConditions[], holders: readonly string[]): readonly HolderConditions[] {
  const former = conditions.findIndex(({ customerId }) => !holders.includes(customerId));
  return conditions.toSpliced(Math.max(0, former), 1);
}

/** Remembers what was said of a transaction. "It was me" keeps what fired then silent for a while, "not me" ends that. */
function label({ entries, at }: StepContext, account: AccountState, record: LabelRecord): 'applied' {
  const labels = (account.labels ??= { fraud: 0, genuine: 0 });
  labels[record.label]++;
  const { tenantId, accountId, transactionId } = record;
  const seen = new SeenIds(entries, account, tenantId, accountId, at).get(transactionId, true);
  if (seen === undefined) return 'applied';
  const { fired = [], merchant, card = '' } = seen;
  if (merchant === undefined) return 'applied';
  const others = (account.trusted ?? []).filter((trust) => trust.merchant !== merchant || trust.card !== card);
  if (record.label === 'fraud') account.trusted = others;
  else if (record.source === 'customer') {
    const until = record.at + trustFor;
    const trusted = fired.filter((rule) => !rule.includes('@')).map((rule): Trust => ({ rule, merchant, card, until }));
    const kept = (account.trusted ?? []).filter(
      (old) => !trusted.some((now) => isSame(old, now) && now.until >= old.until),
    );
    account.trusted = [...kept, ...trusted].slice(-maxTrusted);
  }
  return 'applied';
}

const isSame = (a: Trust, b: Trust): boolean => a.rule === b.rule && a.merchant === b.merchant && a.card === b.card;

/** Every holder may have an open question about it. */
function passOn(context: StepContext, account: AccountState, record: BankAnswerRecord): void {
  const { id, tenantId, accountId, requestId, answer, why } = record;
  const holders = holdersOf(account);
  for (const customerId of holders.length === 0 ? [nobody(accountId)] : holders) {
    const value: CustomerBankAnswerRecord = {
      type: 'bank-answer',
      version: 1,
      id: `${id}/${customerId}`,
      tenantId,
      accountId,
      customerId,
      requestId,
      answer,
      ...(why === undefined ? {} : { why }),
    };
    context.emit({ topic: topicNames.customerEvents, key: keyOf(tenantId, customerId), value });
  }
}
