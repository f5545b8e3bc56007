import { partitionOf } from '@tocsin/core';
import type { Log } from '@tocsin/core';

/** The object that a line of JSON holds, or null. */
export function objectOf(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Appends lines to a topic of the bank's as a bank does: keyed by account where a line names one; what is no JSON goes as it is. */
export async function publishLines(log: Log, topic: string, lines: readonly string[]): Promise<void> {
  const partitions = (await log.facts(topic))?.partitions ?? 1;
  await log.append(
    lines.map((value) => {
      const account = objectOf(value)?.['accountId'];
      const key = typeof account === 'string' ? account : null;
      return { topic, partition: key === null ? 0 : partitionOf(key, partitions), key, value };
    }),
  );
}
