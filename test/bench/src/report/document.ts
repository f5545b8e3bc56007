import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { footprintTable } from '../commands/footprint-command.ts';
import type { Footprint } from '../commands/footprint.ts';
import { growthTable } from '../commands/growth-command.ts';
import type { CurvePoint } from '../commands/growth.ts';
import { latencyTable } from '../commands/latency-command.ts';
import type { LatencyRun } from '../commands/latency.ts';
import { soakText } from '../commands/soak-command.ts';
import type { Soak } from '../commands/soak.ts';
import type { Contender } from '../commands/throughput.ts';
import { busyTable, sharesTable } from '../profile/report.ts';
import type { ProfileShares } from '../profile/report.ts';
import { resultsFolder } from './publish.ts';
import type { Result } from './result.ts';
import { throughputTable } from './throughput-table.ts';

/*
 * docs/performance.md has places that are written from the results in docs/performance/: `<!-- result: NAME -->` up to
 * `<!-- end -->`. What stands around them is written by people.
 */

const writers: Readonly<Record<string, (result: never) => string>> = {
  throughput: (result: readonly Contender[]) => throughputTable(result),
  latency: (result: readonly LatencyRun[]) => latencyTable(result),
  footprint: (result: Footprint) => footprintTable(result),
  growth: (result: readonly CurvePoint[]) => growthTable(result),
  profile: (result: readonly ProfileShares[]) => sharesTable(result),
  before: (result: readonly ProfileShares[]) => busyTable(result),
  soak: (result: Soak) => soakText(result),
};

const heading = ({ command, date, commit, machine, cores, node, loadBefore }: Result<unknown>): string =>
  `\`${command}\`, ${date.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}, ${cores} cores (${machine}), Node ${node}, load before ${loadBefore}.` +
  (loadBefore > cores
    ? ' Others were at work on the machine: trust CPU per record and the ratios to what ran beside it.'
    : '');

function written(name: string, folder: string): string {
  const file = join(folder, `${name}.json`);
  const write = writers[name];
  if (write === undefined) throw new Error(`docs/performance.md asks for ${name}, which no bench records.`);
  if (!existsSync(file)) return 'Not measured yet.';
  const whole = JSON.parse(readFileSync(file, 'utf8')) as Result<never>;
  return `${heading(whole)}\n\n${write(whole.result)}`;
}

/** The document with its places filled from the results. */
export const documentOf = (text: string, folder = resultsFolder): string =>
  text.replaceAll(
    /(<!-- result: ([a-z]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => `${begin}\n${written(name, folder)}\n\n${end}`,
  );
