import { describe, expect, it } from '@jest/globals';
import { placeOf, summarise } from './cpu-profile.ts';
import type { CpuProfile } from './cpu-profile.ts';
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
