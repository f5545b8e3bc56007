import { describe, expect, it } from '@jest/globals';
import { placeOf, summarise } from './cpu-profile.ts';
import type { CpuProfile } from './cpu-profile.ts';
import { flameGraph, flameOf } from './flame-graph.ts';
import { profileReport } from './report.ts';

const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });

const profile: CpuProfile = {
  startTime: 1_000,
  endTime: 2_000,
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 5] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('fold', 'file:///there/tocsin/libs/engine/dist/fold.js', 9) },
    { id: 4, callFrame: frame('pack', 'file:///there/node_modules/msgpackr/pack.js', 4) },
    { id: 5, callFrame: frame('(garbage collector)') },
  ],
  samples: [3, 3, 2, 4, 5, 3],
  timeDeltas: [100, 100, 300, 200, 50, 250],
};

describe('a profile', () => {
  it('charges each function to its package, and idling to nobody', () => {
    const { busyMicros, groups, files, functions } = summarise(profile, { from: 0, to: 10_000 });
    expect(busyMicros).toBe(700);
    expect(groups).toEqual([
      { name: 'libs/engine', micros: 450 },
      { name: 'msgpackr', micros: 200 },
      { name: '(garbage collector)', micros: 50 },
    ]);
    expect(files.map(({ name }) => name)).toEqual(['libs/engine/fold', 'msgpackr/pack.js', '(garbage collector)']);
    expect(functions[0]).toEqual({ name: 'fold libs/engine/fold:10', micros: 450 });
  });

  it('counts only what lies within the window', () => {
    expect(summarise(profile, { from: 1_000, to: 1_200 }).groups).toEqual([{ name: 'libs/engine', micros: 200 }]);
    expect(summarise(profile, { from: 1_700, to: 1_750 }).busyMicros).toBe(250);
  });

  it('knows packages with a scope, the files of Node and what has no file', () => {
    expect(placeOf('f', 'file:///r/node_modules/@platformatic/kafka/dist/index.js').group).toBe('@platformatic/kafka');
    expect(placeOf('f', 'file:///r/node_modules/a/node_modules/b/c.js')).toEqual({ group: 'b', file: 'b/c.js' });
    expect(placeOf('f', 'node:internal/buffer')).toEqual({ group: 'node', file: 'node:internal/buffer' });
    expect(placeOf('writev', '').group).toBe('(native)');
  });

  it('is reported per record', () => {
    const report = profileReport('detect', summarise(profile, { from: 0, to: 10_000 }), 100);
    expect(report).toContain('## detect: 7.00 µs busy per record (100 records)');
    expect(report).toMatch(/\| libs\/engine +\| +4\.50 \| 64\.3% \|/);
  });
});

describe('a flame graph', () => {
  const nested: CpuProfile = {
    startTime: 0,
    endTime: 1_000,
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 3, 4] },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('run', 'file:///there/tocsin/libs/engine/dist/fold.js'), children: [5, 6] },
      { id: 4, callFrame: frame('(garbage collector)') },
      { id: 5, callFrame: frame('step', 'file:///there/tocsin/libs/core/dist/detect/a<b.js', 7) },
      { id: 6, callFrame: frame('step', 'file:///there/tocsin/libs/core/dist/detect/a<b.js', 90) },
    ],
    samples: [2, 3, 5, 6, 4],
    timeDeltas: [500, 100, 200, 100, 100],
  };
  const window = { from: 0, to: 10_000 };

  it('adds up what was called from the same place, and leaves idling out', () => {
    expect(flameOf(nested, window).children).toEqual([
      {
        name: 'run libs/engine/fold',
        group: 'libs/engine',
        selfMicros: 100,
        children: [{ name: 'step libs/core/detect/a<b', group: 'libs/core', selfMicros: 300, children: [] }],
      },
      { name: '(garbage collector)', group: '(garbage collector)', selfMicros: 100, children: [] },
    ]);
  });

  it('draws a box as wide as its time, on the one that called it', () => {
    const svg = flameGraph('detect', flameOf(nested, window), 100);
    expect(svg).toContain('detect: 5.00 µs busy per record');
    expect(svg).toContain('<title>run libs/engine/fold: 4.00 µs per record, 80.0 %</title>');
    expect(svg).toContain('<title>step libs/core/detect/a&lt;b: 3.00 µs per record, 60.0 %</title>');
    const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map(([, x, y, w]) =>
      [x, y, w].map(Number),
    );
    expect(boxes).toHaveLength(3);
    const [run, step] = [boxes.find(([, , w]) => w === 959.5)!, boxes.find(([, , w]) => w === 719.5)!];
    expect(step[0]).toBe(run[0]);
    expect(step[1]! - run[1]!).toBe(-16);
  });
});
