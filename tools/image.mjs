// Puts together what the image holds, from a built workspace: node tools/image.mjs FOLDER. The Dockerfile runs this and then
// `npm ci --omit=dev` in the folder; a test does the same and starts the services from it.
import { cpSync, globSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [target] = process.argv.slice(2);
if (target === undefined) {
  console.error('Usage: node tools/image.mjs FOLDER');
  process.exit(2);
}

const copy = (path) => {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  cpSync(join(root, path), join(target, path), { recursive: true });
};

for (const file of ['package.json', 'package-lock.json', '.npmrc', 'LICENSE']) copy(file);
// npm compares the lock file with all workspaces, so every package.json is there, also of those that are not.
for (const manifest of globSync('{apps,libs,test}/*/package.json', { cwd: root })) copy(manifest);
for (const folder of ['apps/console/public', 'apps/tocsin/bin']) copy(folder);
await bundle(target);
