import { Command, Option } from 'commander';
import { publish } from '../report/publish.ts';
import type { Publishing } from '../report/publish.ts';
import { loadNow } from '../report/result.ts';
import { sayTo } from '../report/say.ts';
import { stageNames } from '../bed/service-process.ts';
import { grouped, table } from '../report/table.ts';
import { accountsOption, clientOption, jsonOption, recordOption, recordsOption, wholeNumber } from './options.ts';
import { soak } from './soak.ts';
import type { Soak, SoakOptions } from './soak.ts';

/** A chart that GitHub draws: one line per service, in megabytes over minutes. */
function chart(title: string, { samples }: Soak, field: 'rssBytes' | 'heapBytes'): string {
  // A chart of more points than this is a smear.
  const every = Math.max(1, Math.floor(samples.length / 40));
  const shown = samples.filter((_, index) => index % every === 0);
  const lines = stageNames.map(
    (stage) => `  line "${stage}" [${shown.map((sample) => Math.round((sample[field][stage] ?? 0) / 1e6)).join(', ')}]`,
  );
  const minutes = Math.max(1, Math.round((samples.at(-1)?.seconds ?? 0) / 60));
  return [
    '```mermaid',
    'xychart-beta',
    `  title "${title}"`,
    `  x-axis "minutes" 0 --> ${minutes}`,
    '  y-axis "MB"',
    ...lines,
    '```',
  ].join('\n');
}

export const soakText = (result: Soak): string =>
  [
    `${grouped(result.rate)} transactions per second, ${grouped(result.records)} in all; ${grouped(result.messages)} of ${grouped(result.expected)} messages arrived.`,
    table(
      ['service', 'RSS MB at the end', 'RSS, MB per minute', 'heap, MB per minute'],
      stageNames.map((stage) => [
        stage,
        grouped((result.samples.at(-1)?.rssBytes[stage] ?? 0) / 1e6),
        ((result.rssBytesPerMinute[stage] ?? 0) / 1e6).toFixed(2),
        ((result.heapBytesPerMinute[stage] ?? 0) / 1e6).toFixed(2),
      ]),
    ),
    `Growth is the slope over the second half. Lines, in order: ${stageNames.join(', ')}.`,
    chart('Resident memory', result, 'rssBytes'),
    chart('Heap in use', result, 'heapBytes'),
  ].join('\n\n');

export const soakCommand = (): Command =>
  new Command('soak')
    .description('the chain at half of its maximum for a long time: memory of every service')
    .addOption(new Option('--minutes <count>', 'how long').default(20).argParser(wholeNumber))
    .addOption(
      new Option('--rate <tx/s>', 'transactions per second (default: half of the maximum)').argParser(wholeNumber),
    )
    .addOption(new Option('--sample-seconds <count>', 'between two samples').default(10).argParser(wholeNumber))
    .addOption(recordsOption(200_000))
    .addOption(accountsOption())
    .addOption(clientOption())
    .addOption(recordOption())
    .addOption(jsonOption())
    .action(async (options: SoakOptions & Publishing) => {
      const load = loadNow();
      const result = await soak(options, sayTo(options.json !== true));
      publish('soak', `npm run bench -- soak --minutes ${options.minutes}`, load, result, soakText, options);
    });
