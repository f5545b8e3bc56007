import type { TransactionRecord } from '../records/account.ts';
import { accountEntry, lifecycleEntry, seenEntry } from './account-state.ts';

/** The names of the entries that a transaction concerns. */
export interface TransactionEntries {
  readonly account: string;
  /** Where the bank names a lifecycle besides the id. */
  readonly lifecycle: string | undefined;
  /** Where the transaction that this one says it reverses may lie apart. */
  readonly reversed: string | undefined;
}

/** A transaction's record as detect has decoded it. */
export interface ReceivedTransaction extends TransactionRecord {
  /** Made once, by `namesOf`: keys and step both need them. */
  names?: TransactionEntries;
  /** The value of the bank's record, from the header. */
  bankValue?: Uint8Array | undefined;
}

export const namesOf = (record: ReceivedTransaction): TransactionEntries => (record.names ??= entriesOf(record));

function entriesOf({ tenantId, transaction }: TransactionRecord): TransactionEntries {
  const { accountId, id, lifecycleId, reversalOf } = transaction;
  return {
    account: accountEntry(tenantId, accountId),
    lifecycle: lifecycleId === id ? undefined : lifecycleEntry(tenantId, accountId, lifecycleId),
    reversed: reversalOf === undefined || reversalOf === id ? undefined : seenEntry(tenantId, accountId, reversalOf),
  };
}
