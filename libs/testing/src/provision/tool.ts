import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { progress } from './progress.ts';

/** Programs that tests run, and the Debian package that each comes in. */
const packages = {
  java: 'default-jre-headless',
  mvn: 'maven',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  openssl: 'openssl',
  kcat: 'kcat',
  'smtp-sink': 'postfix',
  promtool: 'prometheus',
} as const;
export type Tool = keyof typeof packages;

// A plain user's PATH often lacks the folders of system programs, where smtp-sink lies.
const folders = (): readonly string[] => [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/usr/local/sbin',
];

function find(tool: Tool): string | undefined {
  for (const folder of folders()) {
    const path = join(folder, tool);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** One at a time: tests in other processes install too. What else installs on the machine is waited for as well. */
function apt(...parameters: readonly string[]): void {
  const alone = [join(tmpdir(), 'tocsin-apt.lock'), 'apt-get', '-o', 'DPkg::Lock::Timeout=300'];
  const run = spawnSync('flock', [...alone, ...parameters], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
  });
  if (run.status !== 0) {
    throw new Error(`apt-get ${parameters[0]} failed: ${run.error?.message ?? run.stderr.trim().slice(-500)}`);
  }
}

/**
 * The path of a program that a test needs. Where it is missing and we are root on a Debian system, it is installed.
 * @throws Error that names the command to run.
 */
export function needTool(tool: Tool): string {
  const found = find(tool);
  if (found !== undefined) return found;
  const name = packages[tool];
  const command = `apt-get update && apt-get install -y --no-install-recommends ${name}`;
  if (process.getuid?.() !== 0) {
    throw new Error(`${tool} is needed and not installed. On Debian or Ubuntu: sudo sh -c '${command}'`);
  }
  progress(`Installing ${name} (for ${tool}) ...`);
  try {
    apt('update', '-q');
    apt('install', '-y', '-q', '--no-install-recommends', name);
  } catch (error) {
    throw new Error(`${tool} is needed and could not be installed. Try: ${command}`, { cause: error });
  }
  const installed = find(tool);
  if (installed === undefined) throw new Error(`${name} was installed, but ${tool} was not found after it.`);
  return installed;
}
