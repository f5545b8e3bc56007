import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Bed } from '../bed/bed.ts';
import { look } from '../bed/measure-stage.ts';
import type { Look } from '../bed/measure-stage.ts';
import type { BaselineJob, Progress } from './progress.ts';

export type BaselineName = 'nest-stock' | 'script' | 'pass-through';

/** The name under which `Look` says what a baseline has taken. */
export const baselineStage = 'baseline';

// Built: from src under Jest, from dist otherwise.
const programOf = (name: BaselineName): string =>
  fileURLToPath(new URL(`../../dist/baselines/${name}.js`, import.meta.url));

export interface BaselineRun {
  readonly name: BaselineName;
  readonly job: BaselineJob;
  /** Records that stand in the topic. */
  readonly expected: number;
  readonly everyMs?: number;
  readonly limitMs?: number;
}

/** Runs a baseline in a process of its own until it has taken all, or the limit is over; its looks, in order. */
export async function runBaseline(bed: Bed, run: BaselineRun): Promise<readonly Look[]> {
  const { name, job, expected, everyMs = 50, limitMs = 120_000 } = run;
  const child = fork(programOf(name), [JSON.stringify(job)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ask = (): Promise<Progress> =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error(`${name} ended: ${said}`));
      child.once('close', gone);
      child.once('message', (progress) => {
        child.off('close', gone);
        resolve(progress as Progress);
      });
      child.send('look');
    });
  const looks: Look[] = [];
  const began = performance.now();
  try {
    while (performance.now() - began < limitMs) {
      const { taken, ...rest } = await ask();
      const at = performance.now();
      looks.push(look(bed, { ...rest, at, taken: new Map([[baselineStage, taken]]), deadLetters: 0, owned: 0 }));
      if (taken >= expected) return looks;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    return looks;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
