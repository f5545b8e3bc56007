import { topicTable } from '@tocsin/core';
import type { LogRecord } from '@tocsin/core';
import type { Pipeline } from '../pipeline.ts';
import { valueOf } from '../pipeline.ts';
import { channelIds, partitions } from '../stages.ts';
import type { StoredRecord } from './golden-file.ts';
import { storedRecord } from './golden-file.ts';

/** One type of record of one topic: a sample, and every field that it was seen to have, with the types of its values. */
export interface RecordShape {
  readonly topic: string;
  readonly type: string;
  readonly sample: StoredRecord;
  readonly fields: Readonly<Record<string, string>>;
}

/** Which types the table of topics says a topic has; ticks are the engine's, and a rejected record is the bank's bytes. */
export const typesOf = (topic: string): readonly string[] =>
  topicTable(channelIds)
    .filter(({ name }) => name === topic)
    .flatMap(({ values }) => values)
    .filter((type) => type !== 'tick' && !type.includes(' '));

/** The topics of all channels and lanes hold the same types. */
export const families: readonly (readonly [string, readonly string[]])[] = [
  ...Object.keys(partitions)
    .filter((name) => typesOf(name).length > 0 && !name.startsWith('deliveries.'))
    .map((name) => [name, [name]] as const),
  ['deliveries', Object.keys(partitions).filter((name) => name.startsWith('deliveries.'))],
];

function note(fields: Map<string, Set<string>>, path: string, value: unknown): void {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const known = fields.get(path) ?? new Set();
  fields.set(path, known.add(kind));
  if (Array.isArray(value)) for (const one of value) note(fields, `${path}[]`, one);
  else if (kind === 'object') {
    for (const [name, one] of Object.entries(value as object)) note(fields, `${path}.${name}`, one);
  }
}

const typeOf = (record: LogRecord): string | undefined => {
  try {
    return valueOf<{ readonly type?: string } | null>(record)?.type;
  } catch {
    return undefined;
  }
};

/** Everything that stands in the log, by topic and type. */
export function shapesOf({ log }: Pipeline): readonly RecordShape[] {
  return families.flatMap(([topic, names]) =>
    typesOf(names[0]!).flatMap((type): RecordShape[] => {
      const all = names.flatMap((name) => log.records(name));
      // One that was put in on purpose, although nothing can be made of it, is no sample.
      const good = all.filter((record) => typeOf(record) === type && Object.keys(valueOf<object>(record)).length > 4);
      const [first] = good;
      if (first === undefined) return [];
      const fields = new Map<string, Set<string>>();
      for (const record of good) note(fields, '$', valueOf(record));
      const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
      return [
        {
          topic,
          type,
          sample: storedRecord(first),
          fields: Object.fromEntries(sorted.map(([path, kinds]) => [path, [...kinds].sort().join('|')])),
        },
      ];
    }),
  );
}
