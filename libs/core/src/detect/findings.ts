import { keyOf } from '../partition.ts';
import type { TransactionRecord } from '../records/account.ts';
import type { FindingRecord, FiredCondition, FiredRule } from '../records/customer.ts';
import type { Verdict } from '../rules/program.ts';
import { combinedScore } from '../rules/score.ts';
import type { Output } from '../stage.ts';
import type { Instant } from '../time.ts';
import { topicNames } from '../topics.ts';
import type { Transaction } from '../transaction.ts';

/** What was found about one transaction, before it is addressed. */
export interface Found {
  readonly record: TransactionRecord;
  readonly verdict: Verdict;
  /** The live rules that fired and are not suppressed. */
  readonly fired: readonly FiredRule[];
  readonly ruleSetVersion: number;
  /** Did the same transaction have a finding before? */
  readonly again: boolean;
}

/** What parts the ids within a finding's id is escaped within them, as in a URL. The customer's stands last. */
const escaped = (id: string): string =>
  /[%/~]/.test(id) ? id.replace(/[%/~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`) : id;

/** A later record of the same transaction may find more; its finding has a name of its own, or it would be taken for a copy. */
const nameOf = ({ id, status }: Transaction, again: boolean): string =>
  again ? `${escaped(id)}~${status}` : escaped(id);

/** The finding for one recipient. */
export function findingOutput(
  { record, verdict, fired, ruleSetVersion, again }: Found,
  customerId: string,
  conditions: readonly FiredCondition[],
  decidedAt: Instant,
): Output {
  const { tenantId, transaction, receivedAt } = record;
  const { accountId } = transaction;
  const value: FindingRecord = {
    type: 'finding',
    version: 1,
    id: `${tenantId}/${escaped(accountId)}/${nameOf(transaction, again)}/${customerId}`,
    tenantId,
    accountId,
    customerId,
    transaction,
    score: combinedScore(fired),
    fired,
    conditions,
    shadow: verdict.shadow,
    notApplicable: verdict.notApplicable,
    ruleSetVersion,
    receivedAt,
    decidedAt,
  };
  return { topic: topicNames.customerEvents, key: keyOf(tenantId, customerId), value };
}
