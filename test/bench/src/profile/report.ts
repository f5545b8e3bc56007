import { grouped, micros, table } from '../report/table.ts';
import type { Row, Summary } from './cpu-profile.ts';

export interface ReportLimits {
  readonly groups?: number;
  readonly files?: number;
  readonly functions?: number;
}

/** What is kept of a stage's profile: self time in microseconds per record. */
export interface ProfileShares {
  readonly stage: string;
  readonly records: number;
  readonly busyMicros: number;
  readonly groups: readonly { readonly name: string; readonly micros: number }[];
  readonly functions: readonly { readonly name: string; readonly micros: number }[];
}

const mostKept = 12;

export function sharesOf(stage: string, { busyMicros, groups, functions }: Summary, records: number): ProfileShares {
  const kept = (rows: readonly Row[]) =>
    rows.slice(0, mostKept).map(({ name, micros: total }) => ({ name, micros: total / records }));
  return { stage, records, busyMicros: busyMicros / records, groups: kept(groups), functions: kept(functions) };
}

/** The packages and functions side by side, for each stage. */
export const sharesTable = (profiles: readonly ProfileShares[]): string =>
  profiles
    .map(({ stage, records, busyMicros, groups, functions }) => {
      const rows = groups.map((group, index) => {
        const one = functions[index];
        return [group.name, micros(group.micros), one?.name ?? '', one === undefined ? '' : micros(one.micros)];
      });
      return (
        `**${stage}**: ${micros(busyMicros)} µs busy per record, over ${grouped(records)} records.\n\n` +
        table(['package', 'µs', 'function', 'µs'], rows)
      );
    })
    .join('\n\n');

/** One line for each stage: what it was busy with. */
export const busyTable = (profiles: readonly ProfileShares[]): string =>
  table(
    ['stage', 'µs busy per record', 'of which'],
    profiles.map(({ stage, busyMicros, groups }) => [
      stage,
      micros(busyMicros),
      groups
        .slice(0, 6)
        .map((group) => `${group.name} ${micros(group.micros)}`)
        .join(', '),
    ]),
  );

/** Tables of self time: microseconds per record and share of the busy time. */
export function profileReport(title: string, summary: Summary, records: number, limits: ReportLimits = {}): string {
  const { groups = 14, files = 30, functions = 30 } = limits;
  const part = (name: string, rows: readonly Row[], count: number): string =>
    table(
      [name, 'µs per record', 'share'],
      rows
        .slice(0, count)
        .map((row) => [
          row.name,
          micros(row.micros / records),
          `${((100 * row.micros) / summary.busyMicros).toFixed(1)}%`,
        ]),
    );
  return [
    `## ${title}: ${micros(summary.busyMicros / records)} µs busy per record (${records} records)`,
    part('package', summary.groups, groups),
    part('file', summary.files, files),
    part('function', summary.functions, functions),
  ].join('\n\n');
}
