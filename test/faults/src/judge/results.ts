import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CampaignOptions } from '../options.ts';
import type { Happened, Pause } from '../memory.ts';
import type { Verdict } from './verdict.ts';
import { objections } from './verdict.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

const git = (...parameters: readonly string[]): string =>
  spawnSync('git', parameters, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';

export interface Ran {
  readonly options: CampaignOptions;
  readonly verdict: Verdict;
  readonly faults: readonly Happened[];
  readonly pauses: readonly Pause[];
  readonly records: number;
  readonly reproductions: number;
  /** What speaks against the run itself, beside what the oracle found. */
  readonly hollow: readonly string[];
}

/** Adds one line to docs/faults/results.ndjson, or to another file. */
export async function record(
  { options, verdict, faults, pauses, records, reproductions, hollow }: Ran,
  file = `${root}docs/faults/results.ndjson`,
): Promise<void> {
  const hashes = (await import(`${root}tools/guarantee-source.mjs`)) as Record<string, () => string>;
  const byKind: Record<string, { count: number; recoveryMs: number[] }> = {};
  for (const { kind, recoveryMs } of faults) {
    const known = (byKind[kind] ??= { count: 0, recoveryMs: [] });
    known.count += 1;
    if (recoveryMs !== undefined) known.recoveryMs.push(recoveryMs);
  }
  const against = [...objections(verdict), ...hollow];
  const line = {
    commit: git('rev-parse', '--short=12', 'HEAD'),
    ...(git('status', '--porcelain', '--', 'libs', 'apps', 'test/faults', 'test/e2e') === '' ? {} : { dirty: true }),
    source: hashes['guaranteeSource']!(),
    ...(options.bed === 'embedded' ? { embedded: hashes['embeddedSource']!() } : {}),
    date: new Date().toISOString(),
    seed: options.seed,
    brokers: options.brokers,
    client: options.client ?? 'platformatic',
    ...(options.broken === undefined ? {} : { broken: options.broken }),
    rate: options.rate,
    everyMs: options.everyMs,
    ...('alert-away' in byKind ? { alertAwayMs: options.alertAwayMs } : {}),
    ...('redis-snapshot' in byKind ? { snapshotAgeMs: options.snapshotAgeMs } : {}),
    faults: byKind,
    ...(pauses.length === 0 ? {} : { pauses }),
    records,
    reproductions,
    alerts: verdict.alerts,
    compared: verdict.compared,
    allowed: verdict.allowed,
    verdict: against.length === 0 ? 'passed' : 'failed',
    ...(against.length === 0 ? {} : { objections: against.length, first: against.slice(0, 5) }),
  };
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}
