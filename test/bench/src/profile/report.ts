import { micros, table } from '../report/table.ts';
import type { Row, Summary } from './cpu-profile.ts';

export interface ReportLimits {
  readonly groups?: number;
  readonly files?: number;
  readonly functions?: number;
}

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
