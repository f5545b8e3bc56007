import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { partitionOf } from '@tocsin/core';
import { UsageError, print, say, withPlatform } from './with-platform.ts';

interface ReplayOptions {
  readonly source?: string;
  readonly keepTimes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const batchSize = 500;

/** Reads a file of JSON lines; a line that is no object is sent as it is, and ends on `rejected` like any other. */
async function linesOf(file: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity }))
      if (line.trim() !== '') lines.push(line);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
  return lines;
}

const objectOf = (line: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
};

const timeOf = (value: unknown): number => (typeof value === 'string' && value.includes('T') ? Date.parse(value) : NaN);

/** Moves every time by the same span, so that the newest is now and the distances stay. */
function shifted(lines: readonly string[], now: number): string[] {
  const times = lines.map((line) => timeOf(objectOf(line)?.['occurredAt'])).filter((time) => !Number.isNaN(time));
  if (times.length === 0) return [...lines];
  const by = now - times.reduce((newest, time) => Math.max(newest, time), -Infinity);
  return lines.map((line) => {
    const object = objectOf(line);
    const time = timeOf(object?.['occurredAt']);
    return object === null || Number.isNaN(time)
      ? line
      : JSON.stringify({ ...object, occurredAt: new Date(time + by).toISOString() });
  });
}

/** `tocsin replay file.ndjson`: sends a file of transactions through, as if the bank had published it now. */
export function addReplay(program: Command): void {
  program
    .command('replay <file>')
    .description(
      'publish a file of JSON lines to a source’s topic; times are shifted so that the last transaction is now',
    )
    .option('--source <name>', 'the source to publish to (default: the first one of transactions)')
    .option('--keep-times', 'do not shift times')
    .option('--dry-run', 'only count')
    .option('--json', 'print JSON')
    .action((file: string, { source: name, keepTimes = false, dryRun = false, json = false }: ReplayOptions) =>
      withPlatform(program, async ({ log }, settings) => {
        const source = settings.sources.find((one) => (name === undefined ? one.format === 'json' : one.name === name));
        if (source === undefined)
          throw new UsageError(
            name === undefined ? 'No source of transactions is configured.' : `There is no source ${name}.`,
          );
        const facts = await log.facts(source.topic);
        if (facts === undefined) throw new UsageError(`The topic ${source.topic} does not exist.`);
        const read = await linesOf(file);
        const lines = keepTimes ? read : shifted(read, Date.now());
        for (let from = 0; from < lines.length && !dryRun; from += batchSize) {
          await log.append(
            lines.slice(from, from + batchSize).map((value) => {
              const account = objectOf(value)?.['accountId'];
              const key = typeof account === 'string' ? account : null;
              return {
                topic: source.topic,
                partition: key === null ? 0 : partitionOf(key, facts.partitions),
                key,
                value,
              };
            }),
          );
          if (!json && lines.length > 10_000 && from % 10_000 === 0) say(`${from} of ${lines.length} …`);
        }
        print(json, { records: lines.length, topic: source.topic, dryRun }, [
          `${lines.length} records ${dryRun ? 'would be ' : ''}published to ${source.topic}.`,
        ]);
      }),
    );
}
