import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A server that a test started. It never outlives the process that started it. */
export interface GuardedProcess {
  readonly pid: number;
  /** Has it ended, by whatever cause? */
  readonly ended: Promise<void>;
  running(): boolean;
  /** Sends the signal and waits until the process is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** The last lines it wrote. */
  lastWords(): string;
}

/*
 * The guard reads a pipe that only we hold. A word on it is our good-bye after an orderly end. When the pipe closes without one, we
 * are gone, be it by Ctrl-C, by kill -9 or by a crash, and the guard ends the server and clears its folder. It runs in
 * a group of its own, so that Ctrl-C in a terminal does not end it first.
 */
const guardScript = 'read word && exit 0; kill -9 "$1" 2>/dev/null; [ -z "$2" ] || rm -rf "$2"';

function guard(pid: number, temporaryFolder: string | undefined): ChildProcess {
  const child = spawn('sh', ['-c', guardScript, 'guard', String(pid), temporaryFolder ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // A guard that is already gone must not take us along with a broken pipe.
  child.stdin?.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

/** Starts a server whose output goes to `outputFile`; `temporaryFolder` is removed should we die before it. */
export function startGuarded(
  command: string,
  parameters: readonly string[],
  options: {
    readonly outputFile: string;
    readonly temporaryFolder?: string;
    readonly cwd?: string;
    /** Added to our own environment. */
    readonly env?: Readonly<Record<string, string>>;
  },
): GuardedProcess {
  const output = openSync(options.outputFile, 'a');
  const child = spawn(command, parameters, {
    stdio: ['ignore', output, output],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  closeSync(output);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} could not be started.`);
  child.unref();
  const guardian = guard(pid, options.temporaryFolder);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void ended.then(() => guardian.stdin?.end('ended\n'));
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    ended,
    running,
    end: async (signal) => {
      if (running()) {
        child.ref();
        child.kill(signal);
      }
      await ended;
    },
    lastWords: () => readFileSync(options.outputFile, 'utf8').trim().split('\n').slice(-15).join('\n'),
  };
}
