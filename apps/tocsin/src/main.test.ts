import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const versionOf = (file: string): string =>
  (JSON.parse(readFileSync(root + file, 'utf8')) as { readonly version: string }).version;

it('prints its version, which is that of the whole release', () => {
  const said = execFileSync(process.execPath, [`${root}apps/tocsin/dist/main.js`, '--version'], { encoding: 'utf8' });
  expect(said).toBe(`${versionOf('package.json')}\n`);
  const parts = globSync('{apps,libs}/*/package.json', { cwd: root });
  expect(new Set(parts.map(versionOf))).toEqual(new Set([versionOf('package.json')]));
});

it.each([
  ['', 2],
  ['nonsense', 2],
  ['status --jsno', 2],
  ['doctor twice', 2],
  ['rejected', 2],
  ['retry', 2],
  ['replay', 2],
  ['status --from nowhere', 2],
  ['help', 0],
  ['status --help', 0],
])('tells what was mistyped from what is wrong: tocsin %s', (words, code) => {
  const config = ['--config', `${root}deploy/rules.example.yaml`];
  const line = [
    `${root}apps/tocsin/dist/main.js`,
    ...(words.includes('from') ? config : []),
    ...words.split(' ').filter((word) => word !== ''),
  ];
  expect(spawnSync(process.execPath, line).status).toBe(code);
});
