import type { Command } from 'commander';
import { RetryRequests, planRecovery, rebuildStore, untilReachable } from '@tocsin/services';
import type { Platform, Rebuilding, RecoveryPlan } from '@tocsin/services';
import { UsageError, endItFirst, print, withPlatform } from './with-platform.ts';

interface Options {
  readonly acceptAmnesia?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `tocsin recover`: after a snapshot was restored it says that nothing is to be done; without one it is the last resort. */
export function addRecover(program: Command): void {
  program
    .command('recover')
    .description(
      'after Redis was restored from a snapshot: says that nothing need be done, and lets stopped partitions try again. ' +
        'Where its content is lost and there is no snapshot: rebuilds it from what the logs still have, which forgets ' +
        'what is older',
    )
    .option('--accept-amnesia', 'there is no snapshot: rebuild what is left, and forget what is older than the logs')
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'print JSON')
    .action(({ acceptAmnesia = false, dryRun = false, json = false }: Options) =>
      withPlatform(
        program,
        async (platform, settings) => {
          await untilReachable(platform);
          const plan = await planRecovery(platform, settings);
          const lost = plan.rebuildings;
          if (lost.length === 0) return nothingLost(platform, plan, dryRun, json);
          if (dryRun || !acceptAmnesia) {
            print(json, { done: false, lost: lost.map(rowOf) }, [...told(lost), ...(acceptAmnesia ? [] : advice)]);
            if (!dryRun) throw new UsageError('Nothing was changed: --accept-amnesia was not given.');
            return;
          }
          const recovered = await rebuildStore(platform, settings, plan);
          print(json, { done: true, lost: lost.map(rowOf), ...recovered }, [
            ...told(lost),
            `Filled in: profiles and consents of ${recovered.customers} customers, ${recovered.documents} activated ` +
              `documents, ${recovered.killSwitches} kill switches.`,
            'The services now replay their logs; nothing that was written or sent is written or sent again. ' +
              '"tocsin status" shows how far they are.',
          ]);
        },
        endItFirst,
      ),
    );
}

const advice: readonly string[] = [
  'If there is any snapshot of Redis (RDB or AOF), however old: stop the services, restore it, start them. That loses nothing.',
  'If there is none: "tocsin recover --accept-amnesia".',
];

async function nothingLost(platform: Platform, plan: RecoveryPlan, dryRun: boolean, json: boolean): Promise<void> {
  const retries = new RetryRequests(platform.shortTerm);
  const wrong = plan.partitions.filter(
    ({ verdict }) => verdict !== 'fits' && verdict !== 'new' && verdict !== 'rebuilding',
  );
  const behind = plan.partitions.reduce(
    (sum, { position, end, start }) => sum + Math.max(0, end - (position?.offset ?? start)),
    0,
  );
  if (!dryRun) for (const { stage, partition } of plan.partitions) await retries.ask(stage, partition);
  const asked = dryRun ? '' : '; partitions that stood still are asked to try again';
  print(json, { done: !dryRun, lost: [], behind, wrong }, [
    'The store knows where every partition is: nothing is lost, and nothing need be done. What the services wrote since ' +
      'the snapshot was taken they write again, and every reader drops what it has had.',
    `${behind} records are to be read${asked}.`,
    ...wrong.map(
      ({ stage, partition, verdict }) =>
        `${stage}/${partition}  ${verdict}: the snapshot is older than what its log still has; see "tocsin accept-log --help".`,
    ),
  ]);
  if (wrong.length > 0) process.exitCode = 1;
}

const rowOf = ({ stage, partition, from, mutedBelow, generation, oldestAt, gone }: Rebuilding) => ({
  stage: stage.name,
  partition,
  from,
  mutedBelow,
  generation,
  oldestAt,
  gone,
});

function told(lost: readonly Rebuilding[]): readonly string[] {
  return lost.map(({ stage, partition, from, mutedBelow, oldestAt, gone }) => {
    const place = `${stage.name}/${partition}`.padEnd(32);
    if (stage.kind === 'ingest') return `${place} goes on at ${from}; it has no other state`;
    const since = oldestAt === null ? 'nothing is left of its log' : `from ${new Date(oldestAt).toISOString()} on`;
    const older = gone === 0 ? 'nothing is older' : `${gone} older records are gone`;
    return `${place} is replayed from ${from} (${since}; ${older}), in silence up to ${mutedBelow}`;
  });
}
