import { rejectHeaders, rejectedOutput } from '../ingest/rejected.ts';
import type { Rejection } from '../format.ts';
import { keyOf } from '../partition.ts';
import { logRecordOf, rawValueOf } from '../records/raw-record.ts';
import type { Output } from '../stage.ts';
import type { ReceivedTransaction } from './received-transaction.ts';

const conflict: Rejection = {
  code: 'DUPLICATE_CONFLICT',
  path: 'id',
  reason: 'A transaction with this id and status but other content was taken before; that one stands.',
};

/** Says that the value is the canonical transaction, not the bank's bytes. */
export const canonicalHeader = 'tocsin-canonical';

const byDetect = { ce_source: '/tocsin/detect' };

const encoder = new TextEncoder();

/** Not reached: what is large enough to be kept by its hash does not travel with the transaction. */
const noDigest = (): string => '';

/** The contradicting record for `rejected`: as the bank sent it, as if ingest had refused it. */
export function conflictOutput(record: ReceivedTransaction): Output {
  const { origin, receivedAt, raw, tenantId, transaction } = record;
  const bank = record.bank ?? raw ?? {};
  const value = record.bankValue ?? (raw === undefined ? undefined : rawValueOf(raw));
  if (value !== undefined) {
    const original = logRecordOf(bank, value, transaction.accountId, origin, receivedAt);
    const output = rejectedOutput(original, 'detect', [conflict], noDigest);
    return { ...output, headers: { ...output.headers, ...byDetect, [rejectHeaders.masked]: String(bank.masked ?? 0) } };
  }
  const canonical = {
    ...origin,
    timestamp: receivedAt,
    key: encoder.encode(keyOf(tenantId, transaction.accountId)),
    value: encoder.encode(JSON.stringify(transaction)),
    headers: {},
  };
  const output = rejectedOutput(canonical, 'detect', [conflict], noDigest);
  // A hash makes a redrive read the original by its coordinates; of the bank's bytes it is not known here.
  const ours = { ...byDetect, [canonicalHeader]: 'true', [rejectHeaders.sha256]: 'unknown' };
  return { ...output, headers: { ...output.headers, ...ours } };
}
