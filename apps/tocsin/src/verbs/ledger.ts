import type { Command } from 'commander';
import { topicNames, verifyChain } from '@tocsin/core';
import type { LedgerRow } from '@tocsin/core';
import { sha256 } from '@tocsin/services';
import { readTopic } from './read-topic.ts';
import { print, withPlatform } from './with-platform.ts';

/** `tocsin ledger verify`: is any row of the disclosure ledger missing or altered? */
export function addLedger(program: Command): void {
  program
    .command('ledger')
    .description('the disclosure ledger')
    .command('verify')
    .description('check the hash chains; exit code 1 where a row is missing or altered')
    .option('--partial', 'the older rows were removed: a chain may begin late')
    .option('--json', 'print JSON')
    .action(({ json = false, partial = false }: { json?: boolean; partial?: boolean }) =>
      withPlatform(program, async ({ log }) => {
        const rows: LedgerRow[] = [];
        for await (const { value } of readTopic(log, topicNames.ledger)) {
          if (value !== null) rows.push(JSON.parse(new TextDecoder().decode(value)) as LedgerRow);
        }
        const verdict = verifyChain(rows, sha256, { partial });
        const lines = verdict.chains.map(({ chain, rows: count, fault }) =>
          fault === undefined
            ? `whole   ${chain}  ${count} rows`
            : `BROKEN  ${chain}  row ${fault.sequence} is ${fault.kind}`,
        );
        print(json, verdict, lines.length === 0 ? ['The ledger is empty.'] : lines);
        if (!verdict.intact) process.exitCode = 1;
      }),
    );
}
