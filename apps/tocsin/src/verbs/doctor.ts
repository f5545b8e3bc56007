import type { Command } from 'commander';
import { topicSpecs } from '@tocsin/core';
import type { StateStore } from '@tocsin/core';
import { channelIds, installedStages } from '@tocsin/services';
import type { InstalledStage, Platform } from '@tocsin/services';
import { print, urlOf, withPlatform } from './with-platform.ts';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** `tocsin doctor`: looks at everything that a stage needs, and says what to do about what is wrong. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look for what keeps stages from working, and say what to do; exit code 1 where something is wrong')
    .option('--json', 'print JSON')
    .action(({ json = false }: { json?: boolean }) =>
      withPlatform(
        program,
        async (platform, settings) => {
          const { log, state } = platform;
          const findings: Finding[] = [];
          const look = async (what: string, check: () => Promise<string | null>): Promise<boolean> => {
            const problem = await check().catch((error: unknown) =>
              error instanceof Error ? error.message : String(error),
            );
            findings.push({ what, ok: problem === null, detail: problem ?? 'well' });
            return problem === null;
          };
          const logAnswers = await look('log answers', () => log.ping().then(() => null));
          const stateAnswers = await look('state store answers', () => state.ping().then(() => null));
          if (stateAnswers) await look('state store is fit', async () => (await state.check()).join(' ') || null);
          if (logAnswers) await look('topics are as configured', () => topicsOf(platform));
          // A source may lie on another cluster, which may answer while ours is away.
          for (const stage of installedStages(settings, platform)) {
            const { name, topic, log: its, foreign } = stage;
            if (its === log && !logAnswers) continue;
            const isThere = async () =>
              (await its.facts(topic)) === undefined ? `The topic ${topic} does not exist.` : null;
            const there = !foreign || (await look(`source ${name.replace(/^ingest\./, '')}`, isThere));
            if (there && stateAnswers) await look(`positions of ${name}`, () => positionsOf(state, stage));
          }
          tell(json, findings);
        },
        (settings) => askRunning(json, urlOf(settings)),
      ),
    );
}

async function topicsOf({ log, counts }: Platform): Promise<string | null> {
  const wrong: string[] = [];
  for (const { name, partitions } of topicSpecs(channelIds, counts)) {
    const there = (await log.facts(name))?.partitions;
    if (there === undefined) wrong.push(`${name} is missing`);
    else if (there !== partitions) wrong.push(`${name} has ${there} partitions instead of ${partitions}`);
  }
  return wrong.length === 0 ? null : `${wrong.join('; ')}. Run "tocsin topics create" for missing ones.`;
}

async function positionsOf(state: StateStore, { name, topic, log }: InstalledStage): Promise<string | null> {
  const partitions = (await log.facts(topic))?.partitions ?? 0;
  const wrong: string[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const position = await state.slot(name, partition).position();
    if (position === null) continue;
    const { start, end } = await log.bounds(topic, partition);
    const { offset } = position;
    if (offset > end)
      wrong.push(
        `partition ${partition}: the position ${offset} lies beyond the end ${end} (was the topic created anew?)`,
      );
    else if (offset < start)
      wrong.push(`partition ${partition}: ${start - offset} records were removed before they were processed`);
  }
  return wrong.length === 0 ? null : wrong.join('; ');
}

const mark = ({ what, ok, detail }: Finding): string => `${ok ? 'ok   ' : 'WRONG'}  ${what}${ok ? '' : `: ${detail}`}`;
const hint = 'Order per account is kept only where the bank keys its records by account.';

function tell(json: boolean, findings: readonly Finding[]): void {
  print(json, findings, [...findings.map(mark), hint]);
  if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
}

/** Another process holds the storage: it knows best how it is. */
async function askRunning(json: boolean, url: string): Promise<void> {
  const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
  if (answer === undefined) {
    tell(json, [{ what: 'the process that holds the storage', ok: false, detail: `does not answer on ${url}` }]);
    return;
  }
  const { details = {} } = (await answer.json()) as { details?: Record<string, { status: string; message?: string }> };
  tell(
    json,
    Object.entries(details).map(([what, { status, message }]) => ({
      what,
      ok: status === 'up',
      detail: message ?? 'well',
    })),
  );
}
