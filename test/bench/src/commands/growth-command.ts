import { Command, Option } from 'commander';
import { publish } from '../report/publish.ts';
import type { Publishing } from '../report/publish.ts';
import { loadNow } from '../report/result.ts';
import { sayTo } from '../report/say.ts';
import { median } from '../report/statistics.ts';
import { grouped, micros, table } from '../report/table.ts';
import { curves, growth } from './growth.ts';
import type { Curve, CurvePoint, GrowthOptions } from './growth.ts';
import { jsonOption, listOf, recordOption, recordsOption, runsOption, wholeNumber } from './options.ts';

const medianCpu = ({ runs }: CurvePoint): number => median(runs.map(({ cpuMicros }) => cpuMicros));

/** Costs as multiples of the first point of their curve. */
export function growthTable(points: readonly CurvePoint[]): string {
  const first = new Map<Curve, CurvePoint>();
  for (const point of points) if (!first.has(point.curve)) first.set(point.curve, point);
  return table(
    ['curve', 'at', '× first', 'CPU µs', 'RSS MB'],
    points.map((point) => [
      point.curve,
      point.at,
      (medianCpu(point) / medianCpu(first.get(point.curve)!)).toFixed(2),
      micros(medianCpu(point)),
      grouped(median(point.runs.map(({ rssBytes }) => rssBytes)) / 1e6),
    ]),
  );
}

export const growthCommand = (): Command =>
  new Command('growth')
    .description(
      'what a transaction costs detect against history, rules, accounts, partitions, and for a hot account; in one process on the embedded store',
    )
    .addOption(
      new Option('--curves <names>', `separated by commas: ${curves.join(', ')}`)
        .default([...curves], 'all')
        .argParser(listOf(curves)),
    )
    .addOption(new Option('--smaller <factor>', 'divides what is remembered before').default(1).argParser(wholeNumber))
    .addOption(recordsOption(40_000))
    .addOption(runsOption())
    .addOption(recordOption())
    .addOption(jsonOption())
    .action(async (options: GrowthOptions & Publishing) => {
      const load = loadNow();
      const points = await growth(options, sayTo(options.json !== true));
      publish('growth', 'npm run bench -- growth', load, points, growthTable, options);
    });
