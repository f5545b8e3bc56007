import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const module = fileURLToPath(new URL('bound-heap.ts', import.meta.url));

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

const heapOf = (...first: readonly string[]): number =>
  Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', `${first.join('\n')}${work}`], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    }),
  );

it('makes the heap smaller for the same work', () => {
  const bounded = heapOf(`const { boundHeap } = await import(${JSON.stringify(module)});`, 'boundHeap();');
  expect(bounded).toBeLessThan(0.8 * heapOf());
});
