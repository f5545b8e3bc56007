import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

it('says what is wrong with an address for the demonstration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-main-'));
  try {
    const words = ['run', '--demo', '--folder', folder, '--host', '999.1.1.1'];
    const { status, stderr } = spawnSync(process.execPath, [`${root}apps/tocsin/dist/main.js`, ...words], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain('channels.sms.twilio.statusCallbackUrl');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
