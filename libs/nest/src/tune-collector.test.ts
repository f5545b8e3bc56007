import { execFileSync } from 'node:child_process';
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

const outputOf = (first: string, flags: readonly string[] = []): string =>
  execFileSync(
    process.execPath,
    [
      ...flags,
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
  /** How often other threads begin to mark. What they do within pauses is not in it. */
  const threads = (waiting: string): number => {
    const output = outputOf(`tuneCollector(); markByBacklog(async () => ${waiting})`, ['--trace-concurrent-marking']);
    expect(output).toContain('whole ');
    return output.match(/Starting major concurrent marking task/g)?.length ?? 0;
  };

  it('is left to other threads while records wait in piles, and else done between the work', () => {
    const many = threads('100_000');
    expect(many).toBeGreaterThan(20);
    expect(threads('100')).toBeLessThan(0.7 * many);
  });

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

  it('may change from one collection to the next', () => {
    const between = threads('(globalThis.turn = !globalThis.turn) ? 100_000 : 0');
    expect(between).toBeGreaterThan(0);
  });
});
