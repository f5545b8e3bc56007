import type { Command } from 'commander';
import { configuredStages, installedStages } from '@tocsin/services';
import type { Platform, Settings } from '@tocsin/services';
import { askPlatform, committedOf } from '../status/committed.ts';
import type { Away } from '../status/committed.ts';
import { askAll, usualUrls } from '../status/instances.ts';
import type { Instance } from '../status/instances.ts';
import { isWell, statusOf } from '../status/status.ts';
import { tableOf } from '../status/table.ts';
import { UsageError, print, urlOf, withPlatform } from './with-platform.ts';
import { WordsOfTrouble } from './words-of-trouble.ts';

/** `tocsin status`: how far each stage is and what is away, from log and store and from the services that run. */
export function addStatus(program: Command): void {
  program
    .command('status')
    .description(
      'how far each stage is, what waits and what is away; exit code 1 where something is away or stands still',
    )
    .option('--from <urls>', 'where services answer, separated by commas (default: this machine, their own ports)')
    .option('--json', 'print JSON')
    .action(({ from, json = false }: { from?: string; json?: boolean }) =>
      withPlatform(
        program,
        async (platform, settings, words) => {
          const [instances, away] = await Promise.all([instancesOf(settings, from), askPlatform(platform, words)]);
          await tell(json, settings, instances, { ...away, platform, words });
        },
        // One process holds the embedded storage, and knows.
        async (settings) => {
          const instances = await instancesOf(settings, from ?? urlOf(settings));
          await tell(json, settings, instances, { log: null, state: null, words: new WordsOfTrouble(settings) });
        },
      ),
    );
}

async function instancesOf(settings: Settings, from: string | undefined): Promise<readonly Instance[]> {
  if (from === undefined) return (await askAll(usualUrls(settings))).filter(({ answers }) => answers);
  const urls = from.split(',').map((url) => url.trim().replace(/\/+$/, ''));
  const wrong = urls.filter((url) => !/^https?:\/\/[^/]+$/.test(url));
  if (wrong.length > 0) throw new UsageError(`--from: not an address such as http://host:8081: ${wrong.join(', ')}`);
  return askAll(urls);
}

interface Known {
  readonly log: Away;
  readonly state: Away;
  readonly platform?: Platform;
  readonly words: WordsOfTrouble;
}

async function tell(
  json: boolean,
  settings: Settings,
  instances: readonly Instance[],
  { log, state, platform, words }: Known,
): Promise<void> {
  const at = Date.now();
  const both = platform !== undefined && log === null && state === null ? platform : undefined;
  const logs = new Map(both === undefined ? [] : installedStages(settings, both).map(({ name, log }) => [name, log]));
  const stages = await Promise.all(
    configuredStages(settings).map(async ({ name: stage, topic }) => {
      const named = { stage, topic };
      if (both === undefined) return { ...named, committed: null, problem: null };
      try {
        const committed = await committedOf({ log: logs.get(stage) ?? both.log, state: both.state }, stage, topic, at);
        return { ...named, committed, problem: committed === null ? `there is no topic ${topic}` : null };
      } catch (error) {
        // The bank's own cluster may be away while ours is not: then nothing is known of that stage.
        return { ...named, committed: null, problem: words.of(error) };
      }
    }),
  );
  const status = statusOf({ at, log, state, stages, instances });
  print(json, status, tableOf(status));
  if (!isWell(status)) process.exitCode = 1;
}
