import type { Command } from 'commander';
import { topicSpecs } from '@tocsin/core';
import { channelIds } from '@tocsin/services';
import { stagesOf } from './stages.ts';
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
        async ({ log, state, counts }, settings) => {
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
          if (stateAnswers) {
            await look('state store is fit', async () => {
              const problems = await state.check();
              return problems.length === 0 ? null : problems.join(' ');
            });
          }
          if (logAnswers) {
            await look('topics are as configured', async () => {
              const wrong: string[] = [];
              for (const { name, partitions } of topicSpecs(channelIds, counts)) {
                const facts = await log.facts(name);
                if (facts?.partitions !== partitions)
                  wrong.push(
                    facts === undefined
                      ? `${name} is missing`
                      : `${name} has ${facts.partitions} partitions instead of ${partitions}`,
                  );
              }
              return wrong.length === 0 ? null : `${wrong.join('; ')}. Run "tocsin topics create" for missing ones.`;
            });
            for (const { name, topic } of settings.sources) {
              await look(`source ${name}`, async () =>
                (await log.facts(topic)) === undefined ? `The topic ${topic} does not exist.` : null,
              );
            }
          }
          if (logAnswers && stateAnswers) {
            for (const { stage, topic } of stagesOf(settings)) {
              await look(`positions of ${stage}`, async () => {
                const partitions = (await log.facts(topic))?.partitions ?? 0;
                const wrong: string[] = [];
                for (let partition = 0; partition < partitions; partition++) {
                  const position = await state.slot(stage, partition).position();
                  if (position === null) continue;
                  const { start, end } = await log.bounds(topic, partition);
                  if (position.offset > end)
                    wrong.push(
                      `partition ${partition}: the position ${position.offset} lies beyond the end ${end} (was the topic created anew?)`,
                    );
                  else if (position.offset < start)
                    wrong.push(
                      `partition ${partition}: ${start - position.offset} records were removed before they were processed`,
                    );
                }
                return wrong.length === 0 ? null : wrong.join('; ');
              });
            }
          }
          tell(json, findings);
        },
        (settings) => askRunning(json, urlOf(settings)),
      ),
    );
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
