import type { Command } from 'commander';
import { topicSpecs } from '@tocsin/core';
import { channelIds } from '@tocsin/services';
import { print, withPlatform } from './with-platform.ts';

/** `tocsin topics create|verify`: the topics of ours, from the one table in the core. */
export function addTopics(program: Command): void {
  const topics = program.command('topics').description('create or verify the topics of this installation');
  topics
    .command('create')
    .description('create those that are missing; changes nothing that exists')
    .option('--dry-run', 'only say what is missing')
    .option('--json', 'print JSON')
    .action(({ dryRun = false, json = false }: { dryRun?: boolean; json?: boolean }) =>
      withPlatform(program, async ({ log, counts }) => {
        const specs = topicSpecs(channelIds, counts);
        if (dryRun) {
          const missing = [];
          for (const spec of specs) if ((await log.facts(spec.name)) === undefined) missing.push(spec);
          print(
            json,
            { missing },
            missing.length === 0
              ? ['All topics exist.']
              : missing.map(({ name, partitions }) => `would create ${name}, ${partitions} partitions`),
          );
          return;
        }
        const created = await log.createTopics(specs);
        print(
          json,
          { created },
          created.length === 0 ? ['All topics exist.'] : created.map((name) => `created ${name}`),
        );
      }),
    );
  topics
    .command('verify')
    .description('compare what exists with what is configured; exit code 1 where it differs')
    .option('--json', 'print JSON')
    .action(({ json = false }: { json?: boolean }) =>
      withPlatform(program, async ({ log, counts }) => {
        const problems: string[] = [];
        for (const { name, partitions } of topicSpecs(channelIds, counts)) {
          const facts = await log.facts(name);
          if (facts === undefined) problems.push(`${name} is missing: run "tocsin topics create".`);
          else if (facts.partitions !== partitions) {
            problems.push(
              `${name} has ${facts.partitions} partitions, ${partitions} are configured: the count is fixed for its life, so set partitions to what is.`,
            );
          }
        }
        print(json, { problems }, problems.length === 0 ? ['All topics are as configured.'] : problems);
        if (problems.length > 0) process.exitCode = 1;
      }),
    );
}
