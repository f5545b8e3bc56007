import { chainKey, topicNames } from '@tocsin/core';
import type { ChainHead, LedgerRow, Log } from '@tocsin/core';
import { parseProvenance, provenanceHeader } from '@tocsin/engine';
import { everyRecord, jsonOf } from './every-record.ts';

/**
 * Where the hash chains of these partitions of `deliver` stood when the first record that is left of their logs was
 * appended: the replay continues them there and makes the same rows again. By `<stage>/<partition>`: entries of the slot.
 */
export async function ledgerHeads(
  log: Log,
  starts: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, ReadonlyMap<string, ChainHead>>> {
  const heads = new Map<string, Map<string, ChainHead>>();
  if (starts.size === 0) return heads;
  for await (const record of everyRecord(log, topicNames.ledger)) {
    const row = jsonOf<LedgerRow>(record);
    const header = record.headers[provenanceHeader];
    const provenance = header === undefined ? undefined : parseProvenance(header);
    if (row === undefined || provenance === undefined) continue;
    const start = starts.get(row.chain);
    if (start === undefined || provenance.offset >= start) continue;
    const ofChain = heads.get(row.chain) ?? new Map<string, ChainHead>();
    heads.set(row.chain, ofChain);
    const key = chainKey(row.tenantId);
    if ((ofChain.get(key)?.sequence ?? 0) < row.sequence) ofChain.set(key, { sequence: row.sequence, hash: row.hash });
  }
  return heads;
}
