// Puts together what the image holds, from a built workspace: node tools/image.mjs FOLDER. The Dockerfile runs this and then
// `npm ci --omit=dev` in the folder; a test does the same and starts the services from it.
import { cpSync, existsSync, globSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [target] = process.argv.slice(2);
if (target === undefined) {
  console.error('Usage: node tools/image.mjs FOLDER');
  process.exit(2);
}

const copy = (path, filter = () => true) => {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  cpSync(join(root, path), join(target, path), { recursive: true, filter });
};

/** Neither tests nor what only a compiler or a debugger reads. */
const runs = (path) => {
  const name = basename(path);
  return !/\.test\.|\.testing\.|\.d\.ts$|\.map$|\.tsbuildinfo$/.test(name) && name !== 'test';
};

for (const file of ['package.json', 'package-lock.json', '.npmrc', 'LICENSE']) copy(file);
// npm compares the lock file with all workspaces, so every package.json is there, also of those that are not.
for (const manifest of globSync('{apps,libs,test}/*/package.json', { cwd: root })) {
  copy(manifest);
  const dist = join(dirname(manifest), 'dist');
  if (manifest.startsWith('test/') || manifest.startsWith('libs/testing/')) continue;
  if (!existsSync(join(root, dist))) {
    console.error(`${dist} is missing: run "npm run build" first.`);
    process.exit(1);
  }
  copy(dist, runs);
}
for (const folder of ['apps/console/public', 'apps/tocsin/bin']) copy(folder);
