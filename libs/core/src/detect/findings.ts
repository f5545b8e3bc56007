import { keyOf } from '../partition.ts';
import type { TransactionRecord } from '../records/account.ts';
import type { FindingRecord, FiredCondition, FiredRule } from '../records/customer.ts';
import type { Verdict } from '../rules/program.ts';
import { combinedScore } from '../rules/score.ts';
import type { Output } from '../stage.ts';
import type { Instant } from '../time.ts';
import { topicNames } from '../topics.ts';

/** What was found about one transaction, before it is addressed. */
export interface Found {
  readonly record: TransactionRecord;
  readonly verdict: Verdict;
  /** The live rules that fired and are not suppressed. */
  readonly fired: readonly FiredRule[];
  readonly ruleSetVersion: number;
  /** Names the transaction in the finding's id. */
  readonly name: string;
}

/** The finding for one recipient. */
export function findingOutput(
  { record, verdict, fired, ruleSetVersion, name }: Found,
  customerId: string,
  conditions: readonly FiredCondition[],
  decidedAt: Instant,
): Output {
  const { tenantId, transaction, receivedAt } = record;
  const { accountId } = transaction;
  const value: FindingRecord = {
    type: 'finding',
    version: 1,
    id: `${tenantId}/${accountId}/${name}/${customerId}`,
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
