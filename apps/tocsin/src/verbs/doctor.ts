import type { Command } from 'commander';
import { topicSpecs } from '@tocsin/core';
import { channelIds, diagnose, installedStages } from '@tocsin/services';
import type { Diagnosis, InstalledStage, Platform, Verdict } from '@tocsin/services';
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
        async (platform, settings, words) => {
          const { log, state } = platform;
          const findings: Finding[] = [];
          const look = async (what: string, check: () => Promise<string | null>): Promise<boolean> => {
            const problem = await check().catch((error: unknown) => words.of(error));
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
            if (there && stateAnswers) await look(`positions of ${name}`, () => positionsOf(platform, stage));
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

async function positionsOf(platform: Platform, stage: InstalledStage): Promise<string | null> {
  const wrong = (await diagnose(platform, stage)).filter(({ verdict }) => !well.includes(verdict));
  if (wrong.length === 0) return null;
  const advice = new Set(wrong.map(({ verdict }) => whatMends(verdict, stage.name)));
  return [...wrong.map((one) => `partition ${one.partition}: ${one.verdict}, ${wordsOf(one)}.`), ...advice].join(' ');
}

const well: readonly Verdict[] = ['new', 'fits', 'rebuilding'];

function wordsOf({ verdict, position, start, end, committed }: Diagnosis): string {
  const offset = position?.offset ?? 0;
  switch (verdict) {
    case 'STATE_EMPTY':
      return position === null
        ? `the store knows nothing, although the group was at ${committed}`
        : 'its state was being rebuilt, and that was broken off';
    case 'BEYOND_END':
      return `the position ${offset} lies beyond the end ${end} (was the topic created anew?)`;
    case 'BEFORE_START':
      return `${start - offset} records were removed before they were processed`;
    default:
      return 'the record that was read last is another one now (was the topic created anew?)';
  }
}

/** The command that mends it, and what to try first. */
const whatMends = (verdict: Verdict, stage: string): string =>
  verdict === 'STATE_EMPTY'
    ? 'Restore a snapshot of Redis; "tocsin recover" says what is lost, and what to do where there is none.'
    : `"tocsin accept-log --stage ${stage} --dry-run" says what it means to go on with what the log has now.`;

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
