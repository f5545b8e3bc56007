import type { Command } from 'commander';
import { originOf, topicNames } from '@tocsin/core';
import type { Log, LogRecord } from '@tocsin/core';
import { headerText, mustExist, readTopic } from './read-topic.ts';
import { redriver, refusedAgain } from './redrive.ts';
import { UsageError, print, withPlatform } from './with-platform.ts';

interface Filter {
  readonly code?: string;
  readonly json?: boolean;
  readonly limit?: string;
}

const placeOf = (record: LogRecord): string => `${record.partition}/${record.offset}`;

/** A rejected record is re-produced with its source; readers take the first of each origin. */
async function* rejected(log: Log, code: string | undefined): AsyncGenerator<LogRecord> {
  const seen = new Set<string>();
  for await (const record of readTopic(log, topicNames.rejected)) {
    if (code !== undefined && headerText(record, 'tocsin-code') !== code) continue;
    const origin = originOf(record);
    if (seen.has(origin)) continue;
    seen.add(origin);
    yield record;
  }
}

const summary = (record: LogRecord) => ({
  at: placeOf(record),
  code: headerText(record, 'tocsin-code'),
  path: headerText(record, 'tocsin-path'),
  reason: headerText(record, 'tocsin-reason'),
  topic: headerText(record, 'tocsin-origin-topic'),
  partition: Number(headerText(record, 'tocsin-origin-partition')),
  offset: Number(headerText(record, 'tocsin-origin-offset')),
  masked: Number(headerText(record, 'tocsin-masked') ?? 0),
});

function limitOf(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError('--limit must be a number from 1 on.');
}

/** `tocsin rejected list|show|redrive`: what of the bank's records could not be taken, and sending it through again. */
export function addRejected(program: Command): void {
  const verb = program.command('rejected').description('bank records that could not be taken');
  verb
    .command('list')
    .description('one line for each')
    .option('--code <code>', 'only this code, such as AMOUNT_INVALID')
    .option('--limit <n>', 'at most so many', '100')
    .option('--json', 'print JSON')
    .action(async ({ code, json = false, limit = '100' }: Filter) => {
      const atMost = limitOf(limit);
      await withPlatform(program, async ({ log }) => {
        const rows = [];
        for await (const record of rejected(log, code)) {
          rows.push(summary(record));
          if (rows.length >= atMost) break;
        }
        const lines = rows.map(
          (row) =>
            `${row.at.padEnd(12)} ${(row.code ?? '').padEnd(20)} ${row.topic}/${row.partition}/${row.offset}  ${row.path ?? ''}  ${row.reason ?? ''}`,
        );
        print(json, rows, rows.length === 0 ? ['Nothing was rejected.'] : lines);
      });
    });
  verb
    .command('show <place>')
    .description('one record whole, by its place partition/offset; the bytes go to standard output')
    .option('--json', 'print headers and bytes (base64) as JSON')
    .action((place: string, { json = false }: Filter) =>
      withPlatform(program, async ({ log }) => {
        const match = /^(\d+)\/(\d+)$/.exec(place);
        if (match === null) throw new UsageError('The place is partition/offset, as "tocsin rejected list" prints it.');
        await mustExist(log, topicNames.rejected);
        const [record] = await log.read(topicNames.rejected, Number(match[1]), Number(match[2]), 1);
        if (record === undefined || record.offset !== Number(match[2]))
          throw new UsageError(`Nothing stands at ${place}.`);
        if (json) {
          print(
            true,
            { ...summary(record), value: record.value === null ? null : Buffer.from(record.value).toString('base64') },
            [],
          );
          return;
        }
        for (const [name, value] of Object.entries(summary(record))) process.stderr.write(`${name}: ${value}\n`);
        if (record.value === null) process.stderr.write('(null value)\n');
        else process.stdout.write(record.value);
      }),
    );
  verb
    .command('redrive')
    .description('send them through again, after the cause was mended')
    .option('--code <code>', 'only this code')
    .option('--dry-run', 'only say what would be sent')
    .option('--json', 'print JSON')
    .action(({ code, json = false, dryRun = false }: Filter & { dryRun?: boolean }) =>
      withPlatform(program, async (platform, settings) => {
        let sent = 0;
        const left: { at: string; why: string }[] = [];
        const again = redriver(platform, settings);
        const repeated = await refusedAgain(rejected(platform.log, undefined));
        for await (const record of rejected(platform.log, code)) {
          if (repeated.has(originOf(record))) continue;
          const redriven = await again(record);
          if (typeof redriven === 'string') left.push({ at: placeOf(record), why: redriven });
          else {
            if (!dryRun) await redriven.log.append([redriven.record]);
            sent++;
          }
        }
        const done = dryRun ? 'would be sent' : 'sent';
        print(json, { sent, left, dryRun }, [
          `${sent} ${done} again.`,
          ...left.map(({ at, why }) => `${at} was left: ${why}`),
        ]);
      }),
    );
}
