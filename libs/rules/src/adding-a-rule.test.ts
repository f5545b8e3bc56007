import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const tutorial = readFileSync(`${root}docs/adding-a-rule.md`, 'utf8');

interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

const blocks: readonly Block[] = [...tutorial.matchAll(/^```(\w+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm)].map(
  ([, language, file, text]) => ({ language: language!, file, text: text! }),
);

/** A clone as far as rules need one: what is not edited is linked. */
function clone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-rule-'));
  for (const name of ['apps', 'test', 'libs']) mkdirSync(join(folder, name));
  for (const name of ['package.json', 'tsconfig.base.json', 'jest.config.mjs', 'tools', 'libs/rules']) {
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: (path) => !/[\\/](dist|node_modules)$/.test(path) && !path.endsWith('adding-a-rule.test.ts'),
    });
  }
  for (const name of ['node_modules', 'libs/core', 'libs/testing'])
    symlinkSync(join(root, name), join(folder, name), 'dir');
  // The linked libraries are read as sources: they are not this clone's to build.
  const configuration = { extends: '../../tsconfig.base.json', compilerOptions: { noEmit: true }, include: ['src'] };
  writeFileSync(join(folder, 'libs/rules/tsconfig.json'), JSON.stringify(configuration));
  return folder;
}

function run(folder: string, ...command: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8' });
  return status === 0 ? 'passed' : `${stdout}\n${stderr}`;
}

const refusal = (folder: string, ...args: readonly string[]): string =>
  spawnSync(process.execPath, ['tools/new-rule.mjs', ...args], { cwd: folder, encoding: 'utf8' }).stderr.split(
    '\n',
  )[0]!;

describe('docs/adding-a-rule.md', () => {
  it('leads to a rule that runs, and so does the generator alone', () => {
    const folder = clone();
    try {
      const [make] = blocks.filter(({ language }) => language === 'sh');
      const words = make!.text.trim().split(' ');
      expect(words.slice(0, 4)).toEqual(['npm', 'run', 'new:rule', '--']);
      expect(run(folder, 'tools/new-rule.mjs', ...words.slice(4))).toBe('passed');
      expect(run(folder, 'tools/new-rule.mjs', 'first-draft', '--audience', 'staff')).toBe('passed');
      const files = blocks.filter(({ file }) => file !== undefined);
      expect(files).toHaveLength(3);
      for (const { file, text } of files) {
        expect(existsSync(join(folder, file!))).toBe(true);
        writeFileSync(join(folder, file!), text);
      }
      expect(run(folder, 'node_modules/typescript/bin/tsc', '-p', 'libs/rules')).toBe('passed');
      const chosen = ['--testPathPatterns', 'many-merchants|first-draft|completeness|scoring'];
      expect(run(folder, 'tools/jest.mjs', '--selectProjects', 'libs/rules', ...chosen)).toBe('passed');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('ends with a rule set that is a document to activate: the version is given out', () => {
    const [ruleSet] = blocks.filter(({ language }) => language === 'json');
    const { rules, ...rest } = JSON.parse(ruleSet!.text) as { readonly rules: object };
    expect(Object.keys(rest)).toEqual(['id']);
    expect(Object.keys(rules)).toEqual(['many-merchants']);
  });

  it('has a generator that refuses what cannot be a rule', () => {
    const folder = clone();
    try {
      expect(refusal(folder)).toMatch(/^Usage/);
      expect(refusal(folder, 'Many Merchants')).toBe(
        '"Many Merchants" is no id: lower case words joined by hyphens, such as many-merchants.',
      );
      expect(refusal(folder, 'default')).toMatch('is no id');
      for (const taken of ['count', 'fired', 'given', 'fraud-rules', 'customer-conditions'])
        expect(refusal(folder, taken)).toMatch(`"${taken}" cannot be: the code knows `);
      expect(refusal(folder, 'velocity-count')).toBe('There is a rule velocity-count already.');
      expect(refusal(folder, 'deposit')).toBe('There is a rule deposit already.');
      expect(refusal(folder, 'a-rule', '--family', 'haste')).toMatch('There is no family "haste"; there are velocity,');
      expect(refusal(folder, 'a-rule', '--audience', 'all')).toBe('The audience is customer or staff, not "all".');
      expect(refusal(folder, 'a-rule', '--colour', 'red')).toMatch('--colour');
      expect(existsSync(join(folder, 'libs/rules/src/fraud/a-rule'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
