import type { Measured } from '../bed/measure-stage.ts';
import { grouped, micros, table } from './table.ts';

export const measuredTable = (rows: readonly Measured[]): string =>
  table(
    ['what', 'records', 'per second', 'CPU µs', 'broker µs', 'Redis µs', 'RSS MB'],
    rows.map((row) => [
      row.what,
      grouped(row.records),
      grouped(row.perSecond),
      micros(row.cpuMicros),
      micros(row.brokerMicros),
      micros(row.redisMicros),
      grouped(row.rssBytes / 1e6),
    ]),
  );
