import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { root, run, tracked } from './workspace.ts';

describe('the test suite', () => {
  it('runs every test file that the repository holds', () => {
    const listed = run(
      'node_modules/jest/bin/jest.js',
      ['--config', `${root}jest.config.mjs`, '--listTests', '--json'],
      {
        env: { NODE_OPTIONS: '--experimental-vm-modules' },
      },
    );
    const found = (JSON.parse(listed.output.slice(listed.output.indexOf('['))) as string[]).map((file) =>
      file.slice(root.length),
    );
    const inRepository = tracked('*.test.ts').filter((file) => !file.includes('planted'));
    expect(inRepository.length).toBeGreaterThan(20);
    expect(inRepository.filter((file) => !found.includes(file))).toEqual([]);
  });

  it('skips nothing silently', () => {
    const skipped = /\b(?:it|test|describe)\.(?:skip|only|todo)\b|\bx(?:it|describe|test)\(/;
    const self = 'test/architecture/src/every-test-runs.test.ts';
    const files = tracked('*.test.ts').filter((file) => file !== self);
    const guilty = files.filter((file) => skipped.test(readFileSync(root + file, 'utf8')));
    expect(guilty).toEqual([]);
  });
});
