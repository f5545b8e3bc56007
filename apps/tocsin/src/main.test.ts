import { execFileSync } from 'node:child_process';
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
