import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Point, PointJob } from '../growth/point.ts';
import type { Say } from '../load/prepare.ts';

export const curves = ['history', 'rules', 'accounts', 'partitions', 'hot'] as const;
export type Curve = (typeof curves)[number];

export interface GrowthOptions {
  readonly curves: readonly Curve[];
  readonly runs: number;
  /** Transactions of each measurement. */
  readonly records: number;
  /** Divides what has to be remembered first: 1 is the full size, up to a million accounts and a million ids. */
  readonly smaller: number;
}

export interface CurvePoint {
  readonly curve: Curve;
  readonly at: string;
  readonly runs: readonly Point[];
}

const points = (curve: Curve, records: number, smaller: number): readonly (readonly [at: string, job: PointJob])[] => {
  const standard: PointJob = { partitions: 8, accounts: 1_000, history: 1, rules: 6, records };
  const size = (full: number): number => Math.max(1, Math.round(full / smaller));
  const named = (count: number): string => count.toLocaleString('en');
  switch (curve) {
    case 'history':
      return [1, 10, 100, 1_000].map((history) => [
        `${named(history)} per account`,
        { ...standard, accounts: 100, history: history === 1 ? 1 : size(history) },
      ]);
    case 'rules':
      return [5, 50].map((rules) => [`${rules} rules`, { ...standard, rules }]);
    case 'accounts':
      return [10_000, 1_000_000].map((accounts) => [
        `${named(accounts)} accounts`,
        { ...standard, accounts: size(accounts) },
      ]);
    case 'partitions':
      return [1, 8, 64].map((partitions) => [`${partitions}`, { ...standard, partitions }]);
    case 'hot': {
      const transfers = { ...standard, accounts: size(20_000) };
      return [
        ['mean: no hot account', { ...transfers, hot: { remembered: 0, share: 0 } }],
        ['5 % of one account', { ...transfers, hot: { remembered: size(50_000), share: 0.05 } }],
        ['only the hot account, 50,000 ids remembered', { ...transfers, hot: { remembered: size(50_000), share: 1 } }],
        [
          'only the hot account, 1,000,000 ids remembered',
          { ...transfers, hot: { remembered: size(1_000_000), share: 1 } },
        ],
      ];
    }
  }
};

// Built: from src under Jest, from dist otherwise.
const program = fileURLToPath(new URL('../../dist/growth/point-process.js', import.meta.url));

const inProcess = (job: PointJob): Promise<Point> =>
  new Promise((resolve, reject) => {
    const child = fork(program, [JSON.stringify(job)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let said = '';
    let point: Point | undefined;
    child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
    child.once('message', (message) => (point = message as Point));
    child.once('close', () => (point === undefined ? reject(new Error(`A point failed: ${said}`)) : resolve(point)));
  });

/** What a transaction costs detect, against what grows. In one process on the embedded store: no broker is counted. */
export async function growth(options: GrowthOptions, say: Say): Promise<readonly CurvePoint[]> {
  const results: CurvePoint[] = [];
  for (const curve of options.curves) {
    const all = points(curve, options.records, options.smaller).map(([at, job]) => ({ at, job, runs: [] as Point[] }));
    // Round by round, so that what disturbs the machine for a while disturbs all points alike.
    for (let run = 1; run <= options.runs; run++) {
      for (const { at, job, runs } of all) {
        const point = await inProcess(job);
        runs.push(point);
        say(`${curve}, ${at}: ${point.cpuMicros.toFixed(1)} µs`);
      }
    }
    results.push(...all.map(({ at, runs }) => ({ curve, at, runs })));
  }
  return results;
}
