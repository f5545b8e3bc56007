import { againOf, markedRedrive, redriveOf, redriveOfOrigin } from '@tocsin/core';
import type { Appending, Log, LogRecord } from '@tocsin/core';
import type { Platform, Settings, SourceSettings } from '@tocsin/services';
import { headerText } from './read-topic.ts';
import { sourceLogs } from './source-log.ts';

interface Redriven {
  readonly log: Log;
  readonly record: Appending;
}

const ingested = '/tocsin/ingest/';

/** Whose topic it came from; a sentence where that is not clear. */
function sourceOf(record: LogRecord, topic: string, { sources }: Settings): SourceSettings | string {
  const from = headerText(record, 'ce_source') ?? '';
  const named = sources.filter((source) => source.topic === topic);
  // What detect refused does not say by which source it came in.
  const [source, another] = from.startsWith(ingested)
    ? named.filter(({ name }) => name === from.slice(ingested.length))
    : named;
  if (source === undefined) return `no source of this configuration reads it from ${topic}`;
  if (another !== undefined && (source.kafka ?? another.kafka) !== undefined)
    return `several sources read a topic ${topic}, and not on one cluster`;
  return source;
}

/** How rejected records are sent through again, each to where it stood. */
export function redriver(platform: Platform, settings: Settings): (rejected: LogRecord) => Promise<Redriven | string> {
  const logOf = sourceLogs(platform, settings);
  return async (rejected) => {
    const redrive = redriveOf(rejected);
    if (redrive.kind === 'not-rejected')
      return `it is no rejected record: the header ${redrive.header} is missing or wrong`;
    const source = sourceOf(rejected, redrive.original.topic, settings);
    if (typeof source === 'string') return source;
    const log = logOf(source);
    if (redrive.kind === 'append') return { log, record: markedRedrive(redrive.record, rejected) };
    // Masked or cut: only the bank's own record still has all the bytes.
    const { topic, partition, offset } = redrive.original;
    const [original] = await log.read(topic, partition, offset, 1);
    if (original?.offset !== offset) return `the original at ${topic}/${partition}/${offset} is no longer kept`;
    return { log, record: markedRedrive(againOf(original), rejected) };
  };
}

/**
 * Where the records stood that were sent through again and refused once more. Only what was refused last is sent: else each
 * redrive would send twice what the one before it sent.
 */
export async function refusedAgain(rejected: AsyncIterable<LogRecord>): Promise<ReadonlySet<string>> {
  const places = new Set<string>();
  for await (const record of rejected) {
    const place = redriveOfOrigin(record);
    if (place !== undefined) places.add(place);
  }
  return places;
}
