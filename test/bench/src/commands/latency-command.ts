import { Command, Option } from 'commander';
import { publish } from '../report/publish.ts';
import type { Publishing } from '../report/publish.ts';
import { loadNow } from '../report/result.ts';
import { sayTo } from '../report/say.ts';
import { median } from '../report/statistics.ts';
import { grouped, micros, table } from '../report/table.ts';
import { latency } from './latency.ts';
import type { LatencyOptions, LatencyRun } from './latency.ts';
import {
  accountsOption,
  clientsOption,
  jsonOption,
  recordOption,
  recordsOption,
  runsOption,
  wholeNumber,
} from './options.ts';

/** One row per client and rate; each column is the median of the runs. */
export function latencyTable(runs: readonly LatencyRun[]): string {
  const groups = Map.groupBy(runs, ({ client, rate }) => `${client}/${rate}`);
  return table(
    ['client', 'tx/s', 'messages', 'p50 ms', 'p99 ms', 'worst ms', 'CPU µs per tx'],
    [...groups.values()].map((all) => {
      const [{ client, rate, isHalf, messages }] = all as [LatencyRun];
      const of = (field: 'p50' | 'p99' | 'max' | 'cpuMicros') => median(all.map((one) => one[field]));
      return [
        client,
        `${grouped(rate)}${isHalf ? ' (half of the maximum)' : ''}`,
        grouped(messages),
        of('p50').toFixed(1),
        of('p99').toFixed(1),
        of('max').toFixed(0),
        micros(of('cpuMicros')),
      ];
    }),
  );
}

export const latencyCommand = (): Command =>
  new Command('latency')
    .description('from the bank’s record to the provider’s answer, through all services, at several rates')
    .addOption(
      new Option('--rates <list>', 'transactions per second, separated by commas; half: of the maximum')
        .default([2_000, 'half', 20], '2000,half,20')
        .argParser((text: string) => text.split(',').map((rate) => (rate === 'half' ? rate : wholeNumber(rate)))),
    )
    .addOption(new Option('--seconds <count>', 'of each run').default(20).argParser(wholeNumber))
    .addOption(
      new Option('--warm-up-seconds <count>', 'at each rate, before its first run').default(30).argParser(wholeNumber),
    )
    .addOption(recordsOption(100_000))
    .addOption(accountsOption())
    .addOption(clientsOption())
    .addOption(runsOption())
    .addOption(recordOption())
    .addOption(jsonOption())
    .action(async (options: LatencyOptions & Publishing) => {
      const load = loadNow();
      const runs = await latency(options, sayTo(options.json !== true));
      publish('latency', 'npm run bench -- latency', load, runs, latencyTable, options);
    });
