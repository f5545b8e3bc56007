import type { AccountInput, Decoded, Rejection } from '../format.ts';
import { keyOf } from '../partition.ts';
import type { DigestBytes } from '../ports/digest.ts';
import type { LogRecord } from '../ports/log.ts';
import type { AccountRecord, TransactionRecord } from '../records/account.ts';
import { bankRecordOf, bankValueHeader } from '../records/raw-record.ts';
import type { Output } from '../stage.ts';
import { topicNames } from '../topics.ts';
import type { Transaction } from '../transaction.ts';
import { sentAt } from './redrive-mark.ts';
import { rejectedOutput } from './rejected.ts';
import { tenantOf } from './source.ts';
import type { SourceOptions } from './source.ts';

export interface Ingested {
  readonly outputs: readonly Output[];
  /** How many of the outputs go to `account-events`. */
  readonly accepted: number;
  /** Why something was refused; empty when nothing was. */
  readonly rejections: readonly Rejection[];
}

const placed = (tenantId: string, accountId: string, value: AccountRecord): Output => ({
  topic: topicNames.accountEvents,
  key: keyOf(tenantId, accountId),
  value,
});

function ofTransaction(
  record: LogRecord,
  source: SourceOptions,
  tenantId: string,
  transaction: Transaction,
  travels: boolean,
): Output {
  const alertsFrom =
    source.alertsFrom !== undefined && Object.hasOwn(source.alertsFrom, tenantId)
      ? source.alertsFrom[tenantId]
      : undefined;
  const along = travels ? bankRecordOf(record, transaction.accountId) : undefined;
  const value: TransactionRecord = {
    type: 'transaction',
    version: 1,
    tenantId,
    transaction,
    receivedAt: record.timestamp,
    origin: { topic: record.topic, partition: record.partition, offset: record.offset },
    ...(alertsFrom === undefined ? {} : { alertsFrom }),
    ...(along?.bank === undefined ? {} : { bank: along.bank }),
  };
  const output = placed(tenantId, transaction.accountId, value);
  return along === undefined ? output : { ...output, headers: { [bankValueHeader]: along.value } };
}

/** An account event counts as accepted when the bank's log first took it; a label says itself when it was given. */
function ofEvent(record: LogRecord, tenantId: string, input: AccountInput): Output {
  const value: AccountRecord =
    input.type === 'label' ? { ...input, tenantId } : { ...input, tenantId, acceptedAt: sentAt(record) };
  return placed(tenantId, input.accountId, value);
}

/**
 * What follows from one record of the bank's, once its format has decoded it: records on `account-events`, keyed by
 * account, and one on `rejected` for whatever was refused. Good parts of a record pass although others are refused.
 */
export function ingestRecord(
  record: LogRecord,
  source: SourceOptions,
  decoded: Decoded,
  digest: DigestBytes,
): Ingested {
  const tenant = tenantOf(record, source);
  // Of several transactions in one record, none is the record.
  const travels = decoded.transactions.length === 1;
  const rejections = typeof tenant === 'string' ? decoded.rejections : [...decoded.rejections, tenant];
  const accepted =
    typeof tenant === 'string'
      ? [
          ...decoded.transactions.map((transaction) => ofTransaction(record, source, tenant, transaction, travels)),
          ...(decoded.events ?? []).map((input) => ofEvent(record, tenant, input)),
        ]
      : [];
  const refused = rejections.length === 0 ? [] : [rejectedOutput(record, source.name, rejections, digest)];
  return { outputs: [...accepted, ...refused], accepted: accepted.length, rejections };
}
