import type { LogRecord } from '../ports/log.ts';
import { notAfterAppended } from '../records/accepted-at.ts';
import type { AccountRecord } from '../records/account.ts';
import { bankValueHeader } from '../records/raw-record.ts';
import type { CustomerCondition } from '../rules/condition.ts';
import type { FraudRule } from '../rules/rule.ts';
import type { Entries, Stage, StepContext } from '../stage.ts';
import { days } from '../time.ts';
import { topicNames } from '../topics.ts';
import { accountEntry, appliedEntry, lifecycleEntry, newAccount, seenEntry } from './account-state.ts';
import type { AccountState } from './account-state.ts';
import { accountStep } from './account-steps.ts';
import type { AccountChange } from './account-steps.ts';
import { namesOf } from './received-transaction.ts';
import type { ReceivedTransaction } from './received-transaction.ts';
import { RuleSets } from './rule-sets.ts';
import { mayLieApart, SeenIds } from './seen-ids.ts';
import { findAccount, whereIdsLie } from './stored-account.ts';
import type { NamedAccount, StoredAccount } from './stored-account.ts';
import { TransactionStep } from './transaction-step.ts';

const decoder = new TextDecoder();
const nothing = new Uint8Array();
const noKeys: readonly string[] = [];
const unknown: { readonly lifecycle?: string } = {};
/** How long the id of an applied record from outside is remembered. */
const appliedFor = days(7);

const types: Readonly<Record<AccountRecord['type'], true>> = {
  transaction: true,
  'account-event': true,
  'account-holders': true,
  'account-settings': true,
  conditions: true,
  label: true,
  'bank-answer': true,
  'rule-set': true,
};

export interface DetectOptions {
  readonly rules: readonly FraudRule[];
  readonly conditions: readonly CustomerCondition[];
}

function decode({ value, headers, timestamp }: LogRecord): AccountRecord {
  const record = JSON.parse(decoder.decode(value ?? nothing)) as AccountRecord;
  if (!Object.hasOwn(types, record.type)) throw new Error('This is no record of account-events.');
  if (record.version !== 1) throw new Error('This build reads version 1 of a record.');
  if (record.type !== 'transaction') return notAfterAppended(record, timestamp);
  const received: ReceivedTransaction = record;
  received.bankValue = headers[bankValueHeader];
  // A bank's producer may write a time of its own, an hour fast or in microseconds: ages would count from that.
  return received.receivedAt > timestamp ? { ...received, receivedAt: timestamp } : received;
}

function keys(record: AccountRecord): readonly string[] {
  switch (record.type) {
    case 'rule-set':
      return noKeys;
    case 'transaction': {
      const { account, lifecycle, reversed } = namesOf(record);
      const named = [account];
      if (lifecycle !== undefined) named.push(lifecycle);
      if (reversed !== undefined) named.push(reversed);
      return named;
    }
    default: {
      const { tenantId, accountId, id } = record;
      const named = [accountEntry(tenantId, accountId), appliedEntry(tenantId, accountId, id)];
      if (record.type === 'label') named.push(seenEntry(tenantId, accountId, record.transactionId));
      return named;
    }
  }
}

/**
 * What only the account's entry can tell: whether ids lie apart, that after which a lifecycle is named among them, whether
 * there may be a lifecycle of the transaction's own name, and the one in which a reversed transaction stands.
 */
function moreKeys(record: AccountRecord, entries: Entries): readonly string[] {
  if (record.type !== 'transaction') return noKeys;
  const { tenantId, transaction } = record;
  const names = namesOf(record);
  const { accountId, id, lifecycleId, reversalOf } = transaction;
  const account = entries.get<AccountState | StoredAccount | NamedAccount>(names.account);
  const known = account && whereIdsLie(account);
  const where = (one: string): readonly string[] =>
    mayLieApart(known, one) ? [seenEntry(tenantId, accountId, one)] : noKeys;
  const late = known?.lifecyclesUntil === undefined ? noKeys : [lifecycleEntry(tenantId, accountId, id)];
  const apart = [...where(id), ...(names.lifecycle === undefined ? late : where(lifecycleId))];
  if (names.reversed === undefined || reversalOf === undefined) return apart;
  // Who reverses by id does not say in which lifecycle that id stands.
  // At time 0 nothing has expired: to name an entry too much harms nobody.
  const { lifecycle } =
    new SeenIds(entries, findAccount(entries, names.account) ?? newAccount(), tenantId, accountId, 0).get(
      reversalOf,
      true,
    ) ?? unknown;
  if (lifecycle === undefined) return apart;
  return [...apart, ...where(lifecycle), lifecycleEntry(tenantId, accountId, lifecycle)];
}

/** A record from outside may be sent again by whoever got no answer; it is applied once. */
function applyOnce(context: StepContext, record: AccountChange): void {
  const { type, tenantId, accountId, id } = record;
  const applied = appliedEntry(tenantId, accountId, id);
  if (context.entries.get(applied) !== undefined) {
    return context.count('records_dropped', { stage: 'detect', reason: 'repeated' });
  }
  context.entries.put(applied, 1, context.at + appliedFor);
  context.count('account_changes', { type, outcome: accountStep(context, record) });
}

/**
 * Detect: a fold over what happened on accounts. It drops what the bank sent twice, asks the fraud rules and the holders' own
 * conditions about each transaction, and writes one finding for each holder when something fired.
 */
export function detectStage({ rules, conditions }: DetectOptions): Stage<AccountRecord> {
  const ruleSets = new RuleSets(rules, conditions);
  return {
    name: 'detect',
    input: topicNames.accountEvents,
    decode,
    keys,
    moreKeys,
    step(context, record) {
      if (record.type === 'transaction') {
        new TransactionStep(context, record, ruleSets.programOf(context.entries, record.tenantId)).run();
      } else if (record.type === 'rule-set') ruleSets.activate(context, record);
      else applyOnce(context, record);
    },
  };
}
