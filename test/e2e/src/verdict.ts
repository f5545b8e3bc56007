import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { published } from './bank-records.ts';
import type { BankFile } from './bank-records.ts';

export interface ExpectedAlert {
  readonly customerId: string;
  readonly accountId: string;
  readonly transactionId: string;
  readonly type: 'fraud-check' | 'purchase-over' | 'international-use' | 'balance-below' | 'deposit';
  /** `12.34 EUR` */
  readonly amount: string;
  /** It joins the open question about its card: no message of its own. */
  readonly joins: boolean;
}

/** What the oracle says must come of the file. */
export interface Verdict {
  readonly alerts: readonly ExpectedAlert[];
  readonly cases: readonly { readonly kind: string; readonly accountId: string; readonly transactionId: string }[];
  readonly rejected: readonly { readonly line: number; readonly code: string }[];
  readonly accepted: number;
  readonly duplicates: number;
  readonly updates: number;
  readonly historyOnly: number;
}

const oracle = fileURLToPath(new URL('../oracle.mjs', import.meta.url));

/** Writes the published file and the set-up into the folder, and asks the oracle, which is a program of its own. */
export function askOracle(folder: string, file: BankFile): Verdict {
  const places = [join(folder, 'published.ndjson'), join(folder, 'set-up.json')] as const;
  writeFileSync(places[0], published(file.lines));
  writeFileSync(places[1], JSON.stringify(file.setUp));
  const run = spawnSync(process.execPath, [oracle, ...places], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (run.status !== 0) throw new Error(`The oracle failed: ${run.stderr}`);
  return JSON.parse(run.stdout) as Verdict;
}
