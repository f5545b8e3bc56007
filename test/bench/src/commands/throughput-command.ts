import { Command } from 'commander';
import { publish } from '../report/publish.ts';
import type { Publishing } from '../report/publish.ts';
import { loadNow } from '../report/result.ts';
import { sayTo } from '../report/say.ts';
import { throughputTable } from '../report/throughput-table.ts';
import { accountsOption, clientsOption, jsonOption, recordOption, recordsOption, runsOption } from './options.ts';
import { throughput } from './throughput.ts';
import type { ThroughputOptions } from './throughput.ts';

export const throughputCommand = (): Command =>
  new Command('throughput')
    .description(
      'ours (ingest and detect alone, the chain) beside the baselines (a) stock NestJS transport, (b) hand-tuned script without guarantee, (c) pass-through, over the same backlog',
    )
    .addOption(recordsOption(250_000))
    .addOption(accountsOption())
    .addOption(clientsOption())
    .addOption(runsOption())
    .addOption(recordOption())
    .addOption(jsonOption())
    .action(async (options: ThroughputOptions & Publishing) => {
      const load = loadNow();
      const contenders = await throughput(options, sayTo(options.json !== true));
      publish('throughput', 'npm run bench -- throughput', load, contenders, throughputTable, options);
    });
