import type { Command } from 'commander';
import { RetryRequests, untilReachable } from '@tocsin/services';
import { chosenStage, countOf, partitionsOf } from './choose-stage.ts';
import { endItFirst, print, withPlatform } from './with-platform.ts';

interface Options {
  readonly stage: string;
  readonly partition?: string;
  readonly json?: boolean;
}

/** `tocsin retry`: the cause of a stop was seen to; the owner tries again without a restart. */
export function addRetry(program: Command): void {
  program
    .command('retry')
    .description(
      'let stopped partitions try again without a restart, after the cause was seen to; whatever is still wrong stops them again',
    )
    .requiredOption('--stage <name>', 'which stage: its name as "tocsin status" prints it')
    .option('--partition <numbers>', 'which partitions, separated by commas (default: all)')
    .option('--json', 'print JSON')
    .action(({ stage: name, partition, json = false }: Options) =>
      withPlatform(
        program,
        async (platform, settings) => {
          const stage = chosenStage(settings, platform, name);
          const count = await countOf(stage);
          const partitions = partitionsOf(partition, name, count) ?? Array.from({ length: count }, (_, n) => n);
          await untilReachable(platform);
          const requests = new RetryRequests(platform.shortTerm);
          for (const one of partitions) await requests.ask(name, one);
          print(json, { stage: name, partitions }, [
            `Asked for partition ${partitions.join(', ')} of ${name}; those that stand still try again within seconds.`,
          ]);
        },
        endItFirst,
      ),
    );
}
