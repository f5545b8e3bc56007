import type { Digest } from '../ports/digest.ts';
import type { LedgerRow } from '../records/outside.ts';
import { canonicalJson } from './canonical-json.ts';

/** What the first row of a chain continues. */
export const chainStart = '0'.repeat(64);

/** Where a chain is: entry `!h:<tenant>`. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

/** The next row of a chain: each holds the hash of the one before, so that none can be changed or taken out unseen. */
export function chained(
  row: Omit<LedgerRow, 'sequence' | 'previousHash' | 'hash'>,
  head: ChainHead | undefined,
  digest: Digest,
): LedgerRow {
  const linked = { ...row, sequence: (head?.sequence ?? 0) + 1, previousHash: head?.hash ?? chainStart };
  return { ...linked, hash: digest(canonicalJson(linked)) };
}

export type ChainFault =
  /** The row is not what it was when its hash was made. */
  | 'altered'
  /** A row that must stand before this one is not there. */
  | 'missing'
  /** Two different rows claim this place. */
  | 'forked';

export interface ChainVerdict {
  /** `<tenant> <stage>/<partition>` of each chain, its rows, and the first fault. */
  readonly chains: readonly {
    readonly chain: string;
    readonly rows: number;
    readonly first: number;
    readonly last: number;
    readonly fault?: { readonly kind: ChainFault; readonly sequence: number };
  }[];
  readonly intact: boolean;
}

const hashOf = ({ hash: _, ...row }: LedgerRow, digest: Digest): string => digest(canonicalJson(row));

function faultIn(
  rows: readonly LedgerRow[],
  from: number,
  digest: Digest,
): { kind: ChainFault; sequence: number } | undefined {
  let before: LedgerRow | undefined;
  for (const row of rows) {
    const { sequence } = row;
    if (hashOf(row, digest) !== row.hash) return { kind: 'altered', sequence };
    if (before?.sequence === sequence) {
      // The topic is at-least-once: the same row may stand there twice.
      if (before.hash !== row.hash) return { kind: 'forked', sequence };
      continue;
    }
    const expected = before === undefined ? from : before.sequence + 1;
    if (sequence !== expected) return { kind: 'missing', sequence: expected };
    const previous = before?.hash ?? (sequence === 1 ? chainStart : row.previousHash);
    if (row.previousHash !== previous) return { kind: 'altered', sequence };
    before = row;
  }
  return undefined;
}

/**
 * Checks rows of the topic `ledger`, of any tenants and partitions, in any order. With `partial` a chain may begin late
 * (an export of some days); without it the first row must be there. A chain cut off at its end cannot be seen here: compare
 * `last` with the state of the stage.
 */
export function verifyChain(
  rows: readonly LedgerRow[],
  digest: Digest,
  options: { readonly partial?: boolean } = {},
): ChainVerdict {
  const byChain = Map.groupBy(rows, ({ tenantId, chain }) => `${tenantId} ${chain}`);
  const chains = [...byChain].map(([chain, own]) => {
    const sorted = own.toSorted((a, b) => a.sequence - b.sequence);
    const first = sorted[0]!.sequence;
    const fault = faultIn(sorted, options.partial === true ? first : 1, digest);
    const last = sorted.at(-1)!.sequence;
    return { chain, rows: own.length, first, last, ...(fault === undefined ? {} : { fault }) };
  });
  return { chains, intact: chains.every(({ fault }) => fault === undefined) };
}
