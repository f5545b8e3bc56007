import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { openBed } from '../bed/bed.ts';
import type { Bed } from '../bed/bed.ts';
import { drain } from '../bed/draining.ts';
import { runChain } from '../bed/chain.ts';
import { measured } from '../bed/measure-stage.ts';
import type { Look, Measured } from '../bed/measure-stage.ts';
import { takenBy } from '../bed/scrape.ts';
import { stageNames } from '../bed/service-process.ts';
import type { StageName } from '../bed/service-process.ts';
import { alertsOf, planOf } from '../load/plan.ts';
import type { Plan } from '../load/plan.ts';
import { backlogBefore, fill, setUp } from '../load/prepare.ts';
import type { Say } from '../load/prepare.ts';
import { summarise } from '../profile/cpu-profile.ts';
import type { CpuProfile, Summary, Window } from '../profile/cpu-profile.ts';
import { flameGraph, flameOf } from '../profile/flame-graph.ts';
import { profileReport, sharesOf, sharesTable } from '../profile/report.ts';
import { publish, resultsFolder } from '../report/publish.ts';
import type { Publishing } from '../report/publish.ts';
import { loadNow } from '../report/result.ts';
import { sayTo } from '../report/say.ts';
import { measuredTable } from '../report/measured-table.ts';
import { accountsOption, clientOption, fraction, recordOption, recordsOption } from './options.ts';

export interface ProfileOptions {
  readonly records: number;
  readonly accounts: number | undefined;
  readonly alerting: number | undefined;
  readonly client: string | undefined;
  /** Where `<stage>.cpuprofile` goes; DevTools and speedscope.app open it. */
  readonly out: string;
}

export interface StageProfile {
  readonly stage: StageName;
  readonly measured: Measured;
  readonly summary: Summary;
  readonly file: string;
  /** Its flame graph, an SVG beside it. */
  readonly graph: string;
}

const profiling = (folder: string, stage: StageName): readonly string[] => [
  '--cpu-prof',
  '--cpu-prof-interval=500',
  `--cpu-prof-dir=${folder}`,
  `--cpu-prof-name=${stage}.cpuprofile`,
];

/** From the last look at which the stage had taken nothing; where there was none, from the start of its process. */
function windowOf(looks: readonly Look[], stage: StageName): Window {
  const before = looks.findLast(({ scrape }) => takenBy(scrape, stage) === 0);
  const at = (one: Look): number => one.scrape.at * 1_000 + monotonicOffset;
  return { from: before === undefined ? 0 : at(before), to: at(looks.at(-1)!) };
}

/** `performance.now()` counts from the start of this process, a profile from that of the machine. */
const monotonicOffset = Number(process.hrtime.bigint() / 1_000n) - performance.now() * 1_000;

function finish(stage: StageName, one: Measured, window: Window, folder: string): StageProfile {
  const file = join(folder, `${stage}.cpuprofile`);
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const graph = join(folder, `${stage}.svg`);
  writeFileSync(graph, flameGraph(stage, flameOf(profile, window), one.records));
  return { stage, measured: one, summary: summarise(profile, window), file, graph };
}

async function profileStage(bed: Bed, stage: StageName, plan: Plan, folder: string, say: Say): Promise<StageProfile> {
  const expected = await backlogBefore(bed, stage, plan, say);
  say(`profiling ${stage} over ${expected} records`);
  const alerts = alertsOf(plan);
  const looks = await drain(bed, stage, {
    nodeOptions: profiling(folder, stage),
    ...(stage === 'deliver' ? { done: () => bed.provider.accepted() >= alerts } : {}),
  });
  const window = windowOf(looks, stage);
  // Deliver also reads what it writes itself: about three records for each message.
  const all = stage === 'deliver' ? takenBy(looks.at(-1)!.scrape, stage) : expected;
  return finish(stage, measured(stage, stage, looks, all), window, folder);
}

async function profileChain(bed: Bed, plan: Plan, folder: string, say: Say): Promise<readonly StageProfile[]> {
  await setUp(bed, plan, say);
  await fill(bed, plan, say);
  say(`profiling the chain over ${plan.records} transactions`);
  const run = await runChain(bed, plan, { nodeOptions: (stage) => profiling(folder, stage) });
  return stageNames.map((stage) => {
    const looks = run.looks.get(stage)!;
    const window = windowOf(looks, stage);
    return finish(stage, run.stages.get(stage)!, window, folder);
  });
}

/** Profiles one stage, or all of them at work together, on a broker and a Redis of its own. */
export async function profile(
  what: StageName | 'chain',
  options: ProfileOptions,
  say: Say,
): Promise<readonly StageProfile[]> {
  const folder = resolve(options.out);
  mkdirSync(folder, { recursive: true });
  const alerting = options.alerting ?? (what === 'alert' || what === 'deliver' ? 0.5 : 0.02);
  const plan = planOf({
    records: options.records,
    alerting,
    now: Date.now(),
    ...(options.accounts === undefined ? {} : { accounts: options.accounts }),
  });
  const bed = await openBed({ ...(options.client === undefined ? {} : { client: options.client }), compiled: true });
  try {
    return what === 'chain'
      ? await profileChain(bed, plan, folder, say)
      : [await profileStage(bed, what, plan, folder, say)];
  } finally {
    await bed.close();
  }
}

export const profileCommand = (): Command =>
  new Command('profile')
    .description(
      'profile a stage over a backlog, in a process as in production, on real Kafka and Redis: self time by package, file and function',
    )
    .addArgument(new Argument('<stage>').choices([...stageNames, 'chain']))
    .addOption(recordsOption(150_000))
    .addOption(
      new Option('--alerting <fraction>', 'of the transactions (default: 0.02; 0.5 for alert and deliver)').argParser(
        fraction,
      ),
    )
    .addOption(accountsOption())
    .addOption(clientOption())
    .option('--out <folder>', 'where the .cpuprofile files go', 'data/profiles')
    .addOption(recordOption())
    .option('--json', 'print JSON, and no progress')
    .action(async (what: StageName | 'chain', options: ProfileOptions & Publishing) => {
      const load = loadNow();
      const profiles = await profile(what, options, sayTo(options.json !== true));
      if (options.record === true) {
        const shares = profiles.map(({ stage, summary, measured: one }) => sharesOf(stage, summary, one.records));
        publish('profile', `npm run bench -- profile ${what}`, load, shares, sharesTable, options);
        for (const { graph } of profiles) copyFileSync(graph, join(resultsFolder, basename(graph)));
        return;
      }
      if (options.json === true) {
        console.log(JSON.stringify(profiles, null, 1));
        return;
      }
      const report = [
        ...profiles.map(({ stage, summary, measured: one }) => profileReport(stage, summary, one.records)),
        measuredTable(profiles.map(({ measured: one }) => one)),
      ].join('\n\n');
      const file = join(resolve(options.out), `${what}.md`);
      writeFileSync(file, `${report}\n`);
      console.log(
        `${report}\n\nWritten to ${file}; the flame graphs lie beside it, and ${profiles.map((one) => one.file).join(', ')} open in DevTools.`,
      );
    });
