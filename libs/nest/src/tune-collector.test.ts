import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const module = fileURLToPath(new URL('tune-collector.ts', import.meta.url));

/** Keeps some 60 MB alive, replaces it piece by piece, and says how large the heap became, in MB. */
const work = `
  const alive = Array.from({ length: 400 }, () => []);
  const fill = () => Array.from({ length: 5_000 }, (_, i) => ({ i }));
  let most = 0;
  for (let round = 0; round < 6_000; round++) {
    alive[round % alive.length] = fill();
    if (round % 100 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  console.log(Math.round(most / 1e6));
`;

const tuned = (concurrentMarking: boolean): readonly string[] => [
  `const { tuneCollector } = await import(${JSON.stringify(module)});`,
  `tuneCollector({ concurrentMarking: ${concurrentMarking} });`,
];

const outputOf = (flags: readonly string[], first: readonly string[]): string =>
  execFileSync(process.execPath, [...flags, '--input-type=module', '-e', `${first.join('\n')}${work}`], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });

it('makes the heap smaller for the same work', () => {
  expect(Number(outputOf([], tuned(true)))).toBeLessThan(0.8 * Number(outputOf([], [])));
});

it('has less marked by other threads, where that is wished', () => {
  const tasks = (first: readonly string[]): number =>
    outputOf(['--trace-concurrent-marking'], first).match(/Starting major concurrent marking task/g)?.length ?? 0;
  // What remains helps in the pauses.
  expect(tasks(tuned(false))).toBeLessThan(0.7 * tasks(tuned(true)));
});
