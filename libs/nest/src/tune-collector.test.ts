import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const module = fileURLToPath(new URL('tune-collector.ts', import.meta.url));

/**
 * Keeps some 60 MB alive and replaces it piece by piece, with room for others in between. Says whether all of it was still
 * what had been written, and how large the heap became, in MB.
 */
const work = `
  const alive = Array.from({ length: 400 }, () => []);
  const fill = () => Array.from({ length: 5_000 }, (_, i) => ({ i }));
  const isWhole = (piece) => piece.every(({ i }, at) => i === at);
  let most = 0;
  let whole = true;
  for (let round = 0; round < 4_000; round++) {
    const piece = round % alive.length;
    whole &&= isWhole(alive[piece]);
    alive[piece] = fill();
    if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (round % 100 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  console.log(whole ? 'whole' : 'broken', Math.round(most / 1e6));
`;

const outputOf = (first: string): string =>
  execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { tuneCollector, markByBacklog } = await import(${JSON.stringify(module)}); ${first}; ${work}`,
    ],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );

it('makes the heap smaller for the same work', () => {
  const heap = (first: string): number => Number(/whole (\d+)/.exec(outputOf(first))![1]);
  expect(heap('tuneCollector()')).toBeLessThan(0.8 * heap(''));
});

describe('marking', () => {
  it('is decided after each full collection, and stays as it is where nobody knows what waits', () => {
    const decided = execFileSync(
      process.execPath,
      [
        '--expose-gc',
        '--input-type=module',
        '-e',
        `const { markByBacklog } = await import(${JSON.stringify(module)});
        const waiting = [5_001, undefined, 5_000, 0, undefined, 1e6];
        markByBacklog(async () => waiting.shift(), (flag) => console.log(flag));
        const turn = () => new Promise((resolve) => setTimeout(resolve, 50));
        for (let collection = 0; collection < 6; collection++) {
          gc({ type: 'minor' });
          await turn();
          gc();
          await turn();
        }`,
      ],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
    );
    expect(decided.trim().split('\n')).toEqual([
      '--concurrent-marking',
      '--no-concurrent-marking',
      '--no-concurrent-marking',
      '--concurrent-marking',
    ]);
  });

  it('may change from one collection to the next, and V8 knows both ways', () => {
    const first = 'tuneCollector(); markByBacklog(async () => ((globalThis.turn = !globalThis.turn) ? 100_000 : 0))';
    expect(outputOf(first)).toContain('whole ');
    // A flag that V8 does not know is no error of the process; it only says so.
    const source = `
      const { tuneCollector, markByBacklog } = await import(${JSON.stringify(module)});
      tuneCollector();
      let asked = 0;
      markByBacklog(async () => (asked++ === 0 ? 100_000 : 0));
      for (let collection = 0; collection < 4; collection++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      console.log(asked);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', source], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect([Number(stdout) > 1, stderr]).toEqual([true, '']);
  });
});
