import type { Command } from 'commander';
import { topicNames, verifyChain } from '@tocsin/core';
import type { LedgerRow } from '@tocsin/core';
import { sha256 } from '@tocsin/services';
import { readTopic } from './read-topic.ts';
import { print, withPlatform } from './with-platform.ts';

/** Rows by chain, the first of each sequence number: a replay appends rows again. */
async function chains(rows: AsyncIterable<LedgerRow>): Promise<Map<string, LedgerRow[]>> {
  const found = new Map<string, Map<number, LedgerRow>>();
  for await (const row of rows) {
    const name = `${row.tenantId} ${row.chain}`;
    const chain = found.get(name) ?? new Map<number, LedgerRow>();
    found.set(name, chain);
    if (!chain.has(row.sequence)) chain.set(row.sequence, row);
  }
  return new Map(
    [...found].map(([name, chain]) => [name, [...chain.values()].sort((a, b) => a.sequence - b.sequence)]),
  );
}

/** `tocsin ledger verify`: is any row of the disclosure ledger missing or altered? */
export function addLedger(program: Command): void {
  program
    .command('ledger')
    .description('the disclosure ledger')
    .command('verify')
    .description('check the hash chains; exit code 1 where a row is missing or altered')
    .option('--json', 'print JSON')
    .action(({ json = false }: { json?: boolean }) =>
      withPlatform(program, async ({ log }) => {
        async function* rows(): AsyncGenerator<LedgerRow> {
          for await (const { value } of readTopic(log, topicNames.ledger)) {
            if (value !== null) yield JSON.parse(new TextDecoder().decode(value)) as LedgerRow;
          }
        }
        const result = [...(await chains(rows()))].map(([chain, list]) => ({
          chain,
          rows: list.length,
          problem: verifyChain(list, sha256),
        }));
        const lines = result.map(
          ({ chain, rows: count, problem }) =>
            `${problem === null ? 'whole ' : 'BROKEN'}  ${chain}  ${count} rows${problem === null ? '' : `: ${problem}`}`,
        );
        print(json, result, result.length === 0 ? ['The ledger is empty.'] : lines);
        if (result.some(({ problem }) => problem !== null)) process.exitCode = 1;
      }),
    );
}
