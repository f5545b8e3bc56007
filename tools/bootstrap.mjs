// Runs before `npm start` and `npm test` on any Node >= 18, with no dependency: installs when node_modules is missing or stale.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.installed-lock`;
const lock = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .digest('hex');

const installed = () => {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    return '';
  }
};

if (installed() !== lock && !process.env.TOCSIN_NO_INSTALL) {
  console.log('Installing dependencies (npm ci), once per lock file; this takes about a minute ...');
  rmSync(stamp, { force: true });
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const run = spawnSync(npm[0], [...npm.slice(1), 'ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    shell: npm.length === 1,
  });
  if (run.status !== 0) process.exit(run.status ?? 1);
  writeFileSync(stamp, lock);
}
