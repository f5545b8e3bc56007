import { Command, Option } from 'commander';
import { publish } from '../report/publish.ts';
import type { Publishing } from '../report/publish.ts';
import { loadNow } from '../report/result.ts';
import { sayTo } from '../report/say.ts';
import { median } from '../report/statistics.ts';
import { grouped, table } from '../report/table.ts';
import { footprint } from './footprint.ts';
import type { Footprint, FootprintOptions } from './footprint.ts';
import {
  accountsOption,
  clientOption,
  jsonOption,
  recordOption,
  recordsOption,
  runsOption,
  wholeNumber,
} from './options.ts';

export const footprintTable = (result: Footprint): string =>
  [
    table(
      ['service', 'idle, % of a core', 'idle RSS MB', 'RSS MB while draining', 'drained per second'],
      Object.entries(result.idle).map(([stage, { cpuPercent, rssBytes }]) => [
        stage,
        cpuPercent.toFixed(2),
        grouped(rssBytes / 1e6),
        grouped((result.drainRssBytes[stage] ?? 0) / 1e6),
        grouped(result.drainPerSecond[stage] ?? 0),
      ]),
    ),
    `Start of detect to its first record: ${grouped(median(result.startToFirstRecordMs))} ms. A killed detect's partitions served again: ${grouped(
      median(result.takeOverMs),
    )} ms after kill -9, at worst ${grouped(Math.max(...result.takeOverMs))} ms (session timeout ${grouped(result.sessionTimeoutMs)} ms).`,
  ].join('\n\n');

export const footprintCommand = (): Command =>
  new Command('footprint')
    .description(
      'idle CPU and memory, memory while draining a backlog, start to first record, take-over of a killed instance',
    )
    .addOption(recordsOption(1_000_000))
    .addOption(new Option('--idle-seconds <count>', 'how long the services idle').default(15).argParser(wholeNumber))
    .addOption(accountsOption())
    .addOption(clientOption())
    .addOption(runsOption())
    .addOption(recordOption())
    .addOption(jsonOption())
    .action(async (options: FootprintOptions & Publishing) => {
      const load = loadNow();
      const result = await footprint(options, sayTo(options.json !== true));
      publish('footprint', 'npm run bench -- footprint', load, result, footprintTable, options);
    });
