import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, startGuarded, waitUntil } from '@tocsin/testing';
import type { GuardedProcess } from '@tocsin/testing';
import { scrapeOf } from './scrape.ts';
import type { Scrape } from './scrape.ts';

export type StageName = 'ingest' | 'detect' | 'alert' | 'deliver';
export const stageNames: readonly StageName[] = ['ingest', 'detect', 'alert', 'deliver'];

// The same place, seen from src/bed and from dist/bed.
const inWorkspace = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

/** A module a file, as a profile names it; or in few files, as the image has it. */
const mainOf = (app: string, compiled: boolean): string =>
  inWorkspace(compiled ? `apps/${app}/dist/main.js` : `dist/${app}.js`);

/** Makes `dist` of the workspace anew, once. */
let bundling: Promise<unknown> | undefined;
export const bundled = (): Promise<unknown> =>
  (bundling ??= promisify(execFile)(process.execPath, [inWorkspace('tools/bundle.mjs')]));

/** What the image tells Node and the C library: a service uses as much memory here as it does there. */
const imageEnvironment = (): Record<string, string> => {
  const image = readFileSync(inWorkspace('deploy/Dockerfile'), 'utf8');
  const told = [...image.matchAll(/^ENV (NODE_OPTIONS|MALLOC_ARENA_MAX)=(.+)$/gm)];
  return Object.fromEntries(told.map(([, name, value]) => [name!, value!]));
};

/** A service as production runs it: what the image holds of it, with `--config FILE`, in a process of its own. */
export interface ServiceProcess {
  readonly name: StageName | 'all';
  readonly pid: number;
  /** When it was started; monotonic, in milliseconds. */
  readonly startedAt: number;
  scrape(): Promise<Scrape>;
  /** Does it answer yet? */
  answers(): Promise<boolean>;
  running(): boolean;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
  kill(): Promise<void>;
  lastWords(): string;
}

export interface ServiceOptions {
  readonly folder: string;
  /** Writes the configuration with this HTTP port, and returns its path. */
  readonly configuration: (port: number) => string;
  /** Options of Node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
  /** As it was compiled, not as it was bundled. */
  readonly compiled?: boolean;
}

export async function startService(name: StageName | 'all', options: ServiceOptions): Promise<ServiceProcess> {
  const { folder, configuration, nodeOptions = [], compiled = false } = options;
  const port = await freePort();
  const file = configuration(port);
  const parameters =
    name === 'all'
      ? [mainOf('tocsin', compiled), '--config', file, 'run', '--services', stageNames.join(',')]
      : [mainOf(name, compiled), '--config', file];
  const startedAt = performance.now();
  const child: GuardedProcess = startGuarded(process.execPath, [...nodeOptions, ...parameters], {
    outputFile: join(folder, `${name}-${port}.out`),
    cwd: folder,
    env: imageEnvironment(),
  });
  const text = async (): Promise<string> => {
    if (!child.running()) throw new Error(`${name} ended: ${child.lastWords()}`);
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    return response.text();
  };
  return {
    name,
    pid: child.pid,
    startedAt,
    async scrape() {
      const received = await text();
      return scrapeOf(received, performance.now());
    },
    answers: () =>
      text().then(
        () => true,
        (error: unknown) => {
          if (child.running()) return false;
          throw error;
        },
      ),
    running: () => child.running(),
    signal: (signal) => void process.kill(child.pid, signal),
    stop: () => child.end('SIGTERM'),
    kill: () => child.end('SIGKILL'),
    lastWords: () => child.lastWords(),
  };
}

export const untilItAnswers = (service: ServiceProcess): Promise<unknown> =>
  waitUntil(
    () => `${service.name} to answer; it said: ${service.lastWords()}`,
    () => service.answers(),
    { withinMs: 60_000, everyMs: 25 },
  );
