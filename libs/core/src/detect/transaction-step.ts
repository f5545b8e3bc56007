import { keyOf } from '../partition.ts';
import type { TransactionRecord } from '../records/account.ts';
import type { FiredCondition } from '../records/customer.ts';
import { cardOf, merchantOf } from '../rules/dimension.ts';
import type { Program, Verdict } from '../rules/program.ts';
import type { StepContext } from '../stage.ts';
import { days } from '../time.ts';
import type { Instant } from '../time.ts';
import type { Status, Transaction } from '../transaction.ts';
import { accountEntry, factsOf, holdersOf, lifecycleEntry, newAccount, nobody, seenEntry } from './account-state.ts';
import type { AccountState, Lifecycle, SeenTransaction } from './account-state.ts';
import { conflictOutput } from './conflict.ts';
import { contentHash } from './content-hash.ts';
import { findingOutput } from './findings.ts';

/** Older than this when the bank sent it: it feeds history, and nobody is told. */
const alertAge = days(5);
const seenFor = days(7);
const openFor = days(30);

/** A later status updates a transaction, an earlier one that comes late changes nothing. */
const ranks: Readonly<Record<Status, number>> = { pending: 0, authorised: 1, booked: 2, declined: 3, reversed: 4 };
const counts = (status: Status): boolean => ranks[status] <= ranks.booked;

const noVerdict: Verdict = { fired: [], shadow: [], notApplicable: [], insufficientHistory: [] };
const noConditions: readonly FiredCondition[] = [];

/** Labels of counters, made once. */
const stage = 'detect';
const dropped = {
  duplicate: { stage, reason: 'duplicate' },
  superseded: { stage, reason: 'superseded' },
} as const;
const outcomes = {
  first: { outcome: 'first' },
  update: { outcome: 'update' },
  reversal: { outcome: 'reversal' },
} as const;
const historyOnly = { stage, outcome: 'history-only' };
const conflictLabels = { source: stage, code: 'DUPLICATE_CONFLICT' };

/** The names of the entries that a transaction concerns. */
export interface TransactionEntries {
  readonly account: string;
  readonly seen: string;
  /** Where the bank names a lifecycle besides the id. */
  readonly lifecycle: string | undefined;
  /** Of the transaction that this one says it reverses. */
  readonly reversed: string | undefined;
}

export function entriesOf({ tenantId, transaction }: TransactionRecord): TransactionEntries {
  const { accountId, id, lifecycleId, reversalOf } = transaction;
  return {
    account: accountEntry(tenantId, accountId),
    seen: seenEntry(tenantId, accountId, id),
    lifecycle: lifecycleId === id ? undefined : lifecycleEntry(tenantId, accountId, lifecycleId),
    reversed:
      reversalOf === undefined || reversalOf === id ? undefined : seenEntry(tenantId, accountId, reversalOf),
  };
}

/** One transaction, as far as it is new. */
export function transactionStep(context: StepContext, record: TransactionRecord, program: Program): void {
  const { entries, at } = context;
  const { transaction: tx } = record;
  const names = entriesOf(record);
  const content = contentHash(tx);
  const seen = entries.get<SeenTransaction>(names.seen);
  if (seen !== undefined && ranks[tx.status] <= ranks[seen.status]) {
    const sameStatus = tx.status === seen.status;
    if (sameStatus && seen.content !== undefined && seen.content !== content) {
      context.emit(conflictOutput(record));
      return context.count('rejected', conflictLabels);
    }
    keepSeen(context, names, seen);
    return context.count('records_dropped', sameStatus ? dropped.duplicate : dropped.superseded);
  }
  const life = names.lifecycle === undefined ? seen : entries.get<Lifecycle>(names.lifecycle);
  if (life !== undefined && ranks[tx.status] < ranks[life.status]) {
    // Its booking came before its authorisation. The id is remembered, so that a copy of it is one.
    keepSeen(context, names, { ...life, status: tx.status, content, lifecycle: tx.lifecycleId });
    return context.count('records_dropped', dropped.superseded);
  }
  const account = entries.get<AccountState>(names.account) ?? newAccount();
  if (tx.customerId !== undefined) account.owner = tx.customerId;
  if (account.firstAt === undefined || tx.occurredAt < account.firstAt) account.firstAt = tx.occurredAt;
  if (names.reversed !== undefined) withdrawNamed(context, record, names.reversed, account, program);
  const fired =
    tx.status === 'reversed'
      ? reverse(context, record, account, life, program)
      : judge(context, record, account, life, seen, program);
  remember(names, context, tx, content, life, fired);
  entries.put(names.account, account, undefined);
  context.count('transactions', tx.status === 'reversed' ? outcomes.reversal : life ? outcomes.update : outcomes.first);
  if (program.frame.lateDropped > 0) context.count('late_dropped', { stage });
  void at;
}
