import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resultOf } from './result.ts';

// The same folder, seen from src/report and from dist/report.
export const resultsFolder = fileURLToPath(new URL('../../../../docs/performance/', import.meta.url));

export interface Publishing {
  readonly json?: boolean;
  /** Keeps the result in docs/performance/, from which docs/performance.md is written. */
  readonly record?: boolean;
}

/** Prints a result as JSON or as a table, and keeps it where that is wanted. */
export function publish<T>(
  name: string,
  command: string,
  loadBefore: number,
  result: T,
  text: (result: T) => string,
  { json, record }: Publishing,
): void {
  const whole = resultOf(command, loadBefore, result);
  if (record === true) {
    mkdirSync(resultsFolder, { recursive: true });
    writeFileSync(join(resultsFolder, `${name}.json`), `${JSON.stringify(whole, null, 1)}\n`);
  }
  console.log(json === true ? JSON.stringify(whole, null, 1) : text(result));
}
