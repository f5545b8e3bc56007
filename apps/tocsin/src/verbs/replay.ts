import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { days, parseOccurredAt } from '@tocsin/core';
import type { Occurred } from '@tocsin/core';
import type { Settings, SourceSettings } from '@tocsin/services';
import { objectOf, publishLines } from '../publish-lines.ts';
import { sourceLogs } from './source-log.ts';
import { UsageError, print, say, urlOf, withPlatform } from './with-platform.ts';

interface ReplayOptions {
  readonly source?: string;
  readonly keepTimes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const batchSize = 500;

/**
 * Reads a file of JSON lines; a line that is no object is sent as it is, and ends on `rejected` like any other. Only a line
 * feed ends a line: what else Unicode calls a line's end may stand within a JSON text.
 */
async function linesOf(file: string): Promise<readonly string[]> {
  const lines: string[] = [];
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    }
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
  return [...lines, rest].map((line) => line.replace(/^\ufeff|\r$/g, '')).filter((line) => line.trim() !== '');
}

function timeOf(line: string): Occurred | undefined {
  const text = objectOf(line)?.['occurredAt'];
  const occurred = typeof text === 'string' ? parseOccurredAt(text) : 'TIME_INVALID';
  return occurred === 'TIME_INVALID' ? undefined : occurred;
}

const midnightOf = (at: number): number => at - (at % days(1));

/** Moves every time by the same span, so that the newest is now and the distances stay; days by as many days. */
export function shifted(lines: readonly string[], now: number): readonly string[] {
  const newest = lines.reduce((known, line) => Math.max(known, timeOf(line)?.at ?? known), -Infinity);
  if (newest === -Infinity) return lines;
  const by = { instant: now - newest, date: midnightOf(now) - midnightOf(newest) };
  return lines.map((line) => {
    const occurred = timeOf(line);
    if (occurred === undefined) return line;
    const { at, precision } = occurred;
    const moved = new Date(at + by[precision]).toISOString();
    return JSON.stringify({ ...objectOf(line), occurredAt: precision === 'date' ? moved.slice(0, 10) : moved });
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
    .action(async (file: string, { source: name, keepTimes = false, dryRun = false, json = false }: ReplayOptions) => {
      const read = await linesOf(file);
      const lines = keepTimes ? read : shifted(read, Date.now());
      const told = (topic: string): void =>
        print(json, { records: lines.length, topic, dryRun }, [
          `${lines.length} records ${dryRun ? 'would be ' : ''}published to ${topic}.`,
        ]);
      const inBatches = async (send: (batch: readonly string[]) => Promise<void>): Promise<void> => {
        for (let from = 0; from < lines.length && !dryRun; from += batchSize) {
          await send(lines.slice(from, from + batchSize));
          if (!json && lines.length > 10_000 && from % 10_000 === 0) say(`${from} of ${lines.length} …`);
        }
      };
      await withPlatform(
        program,
        async (platform, settings) => {
          const source = sourceOf(settings, name);
          const { topic } = source;
          const log = sourceLogs(platform, settings)(source);
          if ((await log.facts(topic)) === undefined) throw new UsageError(`The topic ${topic} does not exist.`);
          await inBatches((batch) => publishLines(log, topic, batch));
          told(topic);
        },
        async (settings) => {
          await inBatches((batch) => publishThere(`${urlOf(settings)}/demo/publish`, batch));
          told(sourceOf(settings, name).topic);
        },
      );
    });
}

function sourceOf({ sources }: Settings, name: string | undefined): SourceSettings {
  const source = sources.find((one) => (name === undefined ? one.format === 'json' : one.name === name));
  if (source === undefined)
    throw new UsageError(
      name === undefined ? 'No source of transactions is configured.' : `There is no source ${name}.`,
    );
  return source;
}

/** The demonstration that runs holds the storage, and takes lines by HTTP. */
async function publishThere(url: string, lines: readonly string[]): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ lines }),
  }).catch(() => undefined);
  if (answer?.ok !== true)
    throw new UsageError(`The process that holds the storage does not take records (${url}): end it, then try again.`);
}
