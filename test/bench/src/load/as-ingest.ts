import { ingestRecord, keyOf, partitionOf, topicNames } from '@tocsin/core';
import type { Appending, LogRecord } from '@tocsin/core';
import { json } from '@tocsin/formats';
import { tenant } from './set-up.ts';

/**
 * What ingest would write of one record of the bank's, for benches of detect that run without ingest: with no provenance,
 * as whatever comes from outside.
 */
export function asIngest(partitions: number): (account: string, value: string, receivedAt: number) => Appending {
  const options = new json.options();
  const encoder = new TextEncoder();
  const source = { name: 'bank', kind: 'transactions', tenantId: tenant } as const;
  return (account, value, receivedAt) => {
    const bytes = encoder.encode(value);
    const place = { topic: 'bank', partition: 0, offset: 0, timestamp: receivedAt };
    const record: LogRecord = { ...place, key: null, value: bytes, headers: {} };
    const decoded = json.decode(bytes, {}, options, receivedAt);
    const [output] = ingestRecord(record, source, decoded, () => '').outputs;
    if (output === undefined || decoded.transactions.length !== 1) throw new Error('The load has an invalid record.');
    const key = keyOf(tenant, account);
    return {
      topic: topicNames.accountEvents,
      partition: partitionOf(key, partitions),
      key,
      value: JSON.stringify(output.value),
      ...(output.headers === undefined ? {} : { headers: output.headers }),
    };
  };
}
