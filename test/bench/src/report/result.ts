import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';

/** What stands around every result, so that nobody has to guess what a figure means. */
export interface Result<T> {
  readonly command: string;
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly cores: number;
  readonly node: string;
  /** Load of the machine over the minute before the measurement: above the number of cores, others were at work. */
  readonly loadBefore: number;
  readonly result: T;
}

export const loadNow = (): number => loadavg()[0]!;

export function resultOf<T>(command: string, loadBefore: number, result: T): Result<T> {
  const all = cpus();
  return {
    command,
    date: new Date().toISOString(),
    commit: commit(),
    machine: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    node: process.versions.node,
    loadBefore: Math.round(loadBefore * 10) / 10,
    result,
  };
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
