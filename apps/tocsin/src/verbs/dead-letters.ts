import type { Command } from 'commander';
import { topicNames } from '@tocsin/core';
import type { DeadLetter } from '@tocsin/core';
import { readTopic } from './read-topic.ts';
import { UsageError, print, withPlatform } from './with-platform.ts';

/** `tocsin deadletters list|show`: what could not be processed or delivered. */
export function addDeadLetters(program: Command): void {
  const verb = program.command('deadletters').description('what could not be processed or delivered');
  const read = (id?: string): Promise<DeadLetter[]> =>
    withPlatform(program, async ({ log }) => {
      const found = new Map<string, DeadLetter>();
      for await (const { value } of readTopic(log, topicNames.deadLetters)) {
        if (value === null) continue;
        const letter = JSON.parse(new TextDecoder().decode(value)) as DeadLetter;
        if (id === undefined || letter.id === id) found.set(letter.id, letter);
      }
      return [...found.values()];
    });
  verb
    .command('list')
    .description('one line for each')
    .option('--json', 'print JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const letters = await read();
      const lines = letters.map(
        ({ id, stage, kind, reason }) => `${stage.padEnd(26)} ${kind.padEnd(14)} ${id}  ${reason}`,
      );
      print(json, letters, letters.length === 0 ? ['There are no dead letters.'] : lines);
    });
  verb
    .command('show <id>')
    .description('one of them whole')
    .option('--json', 'print JSON on one line')
    .action(async (id: string, { json = false }: { json?: boolean }) => {
      const [letter] = await read(id);
      if (letter === undefined) throw new UsageError(`There is no dead letter ${id}.`);
      print(json, letter, JSON.stringify(letter, null, 2).split('\n'));
    });
}
