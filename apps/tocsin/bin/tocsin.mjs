#!/usr/bin/env node
// Finds the pinned Node beside the dependencies and runs the command on it, so that it works from any shell.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
if (!existsSync(main)) {
  console.error(`Tocsin is not built yet: run "npm install && npm run build" in ${root}`);
  process.exit(1);
}
const pinned = `${root}node_modules/.bin/node`;
if (existsSync(pinned) && process.env.TOCSIN_NODE !== 'pinned') {
  // Short-lived objects get as much room as in the image: see deploy/Dockerfile.
  const options = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16'];
  const child = spawn(pinned, [...options, main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, TOCSIN_NODE: 'pinned' },
  });
  // A terminal sends Ctrl-C to both, a supervisor only to this one; the child takes two in a row as one wish.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
} else {
  await import(main);
}
