import type { Outcome } from '@tocsin/core';

/** One row of a provider's error table: which of its codes mean what to us. */
export interface ErrorRow {
  readonly codes: readonly string[];
  readonly becomes: Exclude<Outcome['kind'], 'accepted'>;
  /** Only for `retry`. Default `message`. */
  readonly scope?: 'message' | 'address' | 'channel';
  /** Only for `retry`: how long to wait where the answer does not say. */
  readonly afterMs?: number;
  /** Replaces `<provider>-<code>` as the reason, where we have a word of our own for it. */
  readonly reason?: string;
  /** In plain words, for the channel's document. */
  readonly about: string;
}

/** The first row that names one of the codes; the codes come most precise first. */
export function rowOf(table: readonly ErrorRow[], codes: readonly string[]): ErrorRow | undefined {
  for (const code of codes) {
    const row = table.find((candidate) => candidate.codes.includes(code));
    if (row !== undefined) return row;
  }
  return undefined;
}

/** The outcome that a row stands for. A wait that the answer asked for (`afterMs`) wins over the row's own. */
export function outcomeOfRow(row: ErrorRow, code: string, afterMs?: number): Exclude<Outcome, { kind: 'accepted' }> {
  const reason = row.reason ?? code;
  if (row.becomes !== 'retry') return { kind: row.becomes, code: reason };
  const wait = afterMs ?? row.afterMs;
  return {
    kind: 'retry',
    code: reason,
    scope: row.scope ?? 'message',
    ...(wait === undefined ? {} : { afterMs: wait }),
  };
}
