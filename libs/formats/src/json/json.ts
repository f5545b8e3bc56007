import { TransactionContract, defineFormat } from '@tocsin/core';
import type { Decoded } from '@tocsin/core';
import { futureRejection } from '../contract/future.ts';
import { conform, refused } from '../record/conform.ts';
import { JsonRecordOptions } from '../record/options.ts';
import { transactionOf } from './transaction-of.ts';

const contractFor = () => TransactionContract;

/**
 * The canonical transaction as JSON, one object per record, plain or as a CloudEvent (binary or structured). The contract
 * is `TransactionContract` of @tocsin/core.
 */
export const json = defineFormat({
  id: 'json',
  title: 'Canonical JSON',
  options: JsonRecordOptions,
  decode(value, headers, options, receivedAt): Decoded {
    const conforming = conform(value, headers, options, contractFor);
    if ('rejections' in conforming) return refused(conforming.rejections);
    const { warnings } = conforming;
    const transaction = transactionOf(conforming.value, warnings);
    const future = futureRejection(transaction.occurredAt, receivedAt);
    if (future !== undefined) return { transactions: [], warnings, rejections: [future] };
    return { transactions: [transaction], warnings, rejections: [] };
  },
});
