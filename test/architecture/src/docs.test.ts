import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { root, run, tracked } from './workspace.ts';

describe('the documentation', () => {
  it('says of topics, rules and plug-ins what the code says', () => {
    const { code, output } = run('tools/docs.mjs', ['--check']);
    expect({ code, output }).toEqual({ code: 0, output: '' });
  });

  it('links to nothing that is not there', () => {
    const broken: string[] = [];
    for (const file of tracked('*.md')) {
      const text = readFileSync(root + file, 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        if (!existsSync(join(root, dirname(file), target))) broken.push(`${file}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('names only commands that exist', () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };
    const missing: string[] = [];
    for (const file of tracked('*.md')) {
      for (const [, name = ''] of readFileSync(root + file, 'utf8').matchAll(/npm run ([a-z:]+)/g)) {
        if (scripts[name] === undefined) missing.push(`${file}: npm run ${name}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
