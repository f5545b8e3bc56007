import type { Command } from 'commander';
import { topicNames } from '@tocsin/core';
import type { DeadLetter, Log } from '@tocsin/core';
import { installedStages, letterAgain, redriveLetter, redriven } from '@tocsin/services';
import type { LetterAgain, Platform, Settings } from '@tocsin/services';
import { readTopic } from './read-topic.ts';
import { UsageError, endItFirst, print, withPlatform } from './with-platform.ts';

interface RedriveOptions {
  readonly stage?: string;
  readonly again?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What still fails becomes a letter anew, and twenty of them in a short time may stop a partition. */
const atMost = 15;

/** A letter is written again by a replay; the first of each id counts. */
async function lettersOf(log: Log): Promise<ReadonlyMap<string, DeadLetter>> {
  const found = new Map<string, DeadLetter>();
  for await (const { value } of readTopic(log, topicNames.deadLetters)) {
    if (value === null) continue;
    const letter = JSON.parse(new TextDecoder().decode(value)) as DeadLetter;
    if (!found.has(letter.id)) found.set(letter.id, letter);
  }
  return found;
}

const chosen = (letters: ReadonlyMap<string, DeadLetter>, id: string): DeadLetter => {
  const letter = letters.get(id);
  if (letter === undefined) throw new UsageError(`There is no dead letter ${id}.`);
  return letter;
};

/** `tocsin deadletters list|show|redrive`: what could not be processed or delivered, and sending it through again. */
export function addDeadLetters(program: Command): void {
  const verb = program.command('deadletters').description('what could not be processed or delivered');
  verb
    .command('list')
    .description('one line for each')
    .option('--json', 'print JSON')
    .action(({ json = false }: { json?: boolean }) =>
      withPlatform(program, async ({ log }) => {
        const letters = [...(await lettersOf(log)).values()];
        const lines = letters.map(
          ({ id, stage, kind, reason }) => `${stage.padEnd(26)} ${kind.padEnd(14)} ${id}  ${reason}`,
        );
        print(json, letters, letters.length === 0 ? ['There are no dead letters.'] : lines);
      }),
    );
  verb
    .command('show <id>')
    .description('one of them whole')
    .option('--json', 'print JSON on one line')
    .action((id: string, { json = false }: { json?: boolean }) =>
      withPlatform(program, async ({ log }) => {
        const letter = chosen(await lettersOf(log), id);
        print(json, letter, JSON.stringify(letter, null, 2).split('\n'));
      }),
    );
  verb
    .command('redrive [ids...]')
    .description(
      'send them through again, after the cause was mended: by their ids, or those of a stage that could not be processed ' +
        `(the ${atMost} oldest that were not sent again yet). A message that a provider refused is sent again only by its id, ` +
        'and says that it may repeat',
    )
    .option('--stage <name>', 'those of this stage')
    .option('--again', 'also those that were sent again before, for instance where that was broken off')
    .option('--dry-run', 'only say what would be sent')
    .option('--json', 'print JSON')
    .action((ids: readonly string[], options: RedriveOptions) => {
      if ((ids.length === 0) === (options.stage === undefined))
        throw new UsageError('Name the letters by their ids, as "tocsin deadletters list" prints them, or a --stage.');
      return withPlatform(
        program,
        (platform, settings) => redrive(platform, settings, [...new Set(ids)], options),
        endItFirst,
      );
    });
}

async function redrive(
  platform: Platform,
  settings: Settings,
  ids: readonly string[],
  { stage, again = false, dryRun = false, json = false }: RedriveOptions,
): Promise<void> {
  const stages = installedStages(settings, platform);
  if (stage !== undefined && !stages.some(({ name }) => name === stage))
    throw new UsageError(`There is no stage ${stage}; there are: ${stages.map(({ name }) => name).join(', ')}.`);
  const letters = await lettersOf(platform.log);
  const before = again ? new Map<string, number>() : await redriven(platform.log);
  const named = ids.map((id) => chosen(letters, id));
  const ofStage = [...letters.values()].filter(
    (letter) => letter.stage === stage && letter.kind !== 'undeliverable' && !before.has(letter.id),
  );
  const look = async (letter: DeadLetter): Promise<LetterAgain> => {
    const at = before.get(letter.id);
    if (at === undefined) return letterAgain(letter, stages, platform.partitions, Date.now());
    return { kind: 'left', why: `it was sent again on ${new Date(at).toISOString()}; --again sends it once more` };
  };
  const sent: string[] = [];
  const left: { readonly id: string; readonly why: string }[] = [];
  for (const letter of [...named, ...ofStage]) {
    if (stage !== undefined && sent.length === atMost) break;
    const what = await look(letter);
    if (what.kind === 'left') left.push({ id: letter.id, why: what.why });
    else {
      if (!dryRun) await redriveLetter(platform, letter, what);
      sent.push(letter.id);
    }
  }
  const more = Math.max(0, ofStage.length - sent.length - left.length);
  print(json, { sent, left, more, dryRun }, [
    ...sent.map((id) => `${id} ${dryRun ? 'would be sent' : 'was sent'} again.`),
    ...left.map(({ id, why }) => `${id} was left: ${why}.`),
    ...(sent.length + left.length === 0 ? ['There is no letter to send again.'] : []),
    ...(more === 0
      ? []
      : [`${more} more wait: look whether these fail again ("tocsin deadletters list"), then go on.`]),
  ]);
}
