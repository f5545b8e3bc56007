import type { Command } from 'commander';
import { acceptLog, untilReachable } from '@tocsin/services';
import type { Acceptance } from '@tocsin/services';
import { chosenStage, countOf, partitionsOf } from './choose-stage.ts';
import { UsageError, endItFirst, print, withPlatform } from './with-platform.ts';

interface Options {
  readonly stage: string;
  readonly partition?: string;
  readonly from: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `tocsin accept-log`: the topic was created anew, cut or trimmed; go on with what stands there now. */
export function addAcceptLog(program: Command): void {
  program
    .command('accept-log')
    .description(
      'go on with a log that is not the one that was read (topic created anew or cut, records removed unread): the state ' +
        'stays, the generation rises. What the old log held unread is lost to the stage; nothing else is touched. ' +
        'Exit code 1 where a partition has no state to go on with',
    )
    .requiredOption('--stage <name>', 'which stage: its name as "tocsin status" prints it')
    .option('--partition <numbers>', 'which partitions, separated by commas (default: all that need it)')
    .option('--from <where>', 'where to go on in the log: start, end or an offset', 'start')
    .option('--force', 'also where the log looks like the one that was read: records that were read are read again')
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'print JSON')
    .action(({ stage, partition, from, force = false, dryRun = false, json = false }: Options) =>
      withPlatform(
        program,
        async (platform, settings) => {
          const chosen = chosenStage(settings, platform, stage);
          const where = placeOf(from);
          const partitions = partitionsOf(partition, stage, await countOf(chosen));
          const options = { from: where, force, dryRun, ...(partitions === undefined ? {} : { partitions }) };
          await untilReachable(platform);
          const done = await acceptLog(platform, chosen, options);
          print(json, { dryRun, partitions: done }, told(done, dryRun));
          if (done.some(({ does }) => does === 'impossible')) process.exitCode = 1;
        },
        endItFirst,
      ),
    );
}

function placeOf(from: string): 'start' | 'end' | number {
  if (from === 'start' || from === 'end') return from;
  if (!/^\d+$/.test(from)) throw new UsageError('--from must be start, end or an offset.');
  return Number(from);
}

function told(done: readonly Acceptance[], dryRun: boolean): readonly string[] {
  const lines = done
    .filter(({ does }) => does !== 'nothing')
    .map(({ stage, partition, verdict, does, position, from, generation, start, end }) => {
      const place = `${stage}/${partition}`;
      if (does === 'impossible') return `${place}  ${verdict}: there is no state to go on with; run "tocsin recover".`;
      const accepts = dryRun ? 'would accept' : 'accepted';
      return (
        `${place}  ${verdict}: ${accepts} the log ${start} to ${end}, from ${from} on, as generation ${generation} ` +
        `(was at ${position?.offset}, generation ${position?.generation}).`
      );
    });
  if (lines.length > 0) return lines;
  const asked = dryRun ? '' : ' A partition that stood still is asked to try again.';
  return [`The log is the one that was read: there is nothing to accept.${asked}`];
}
