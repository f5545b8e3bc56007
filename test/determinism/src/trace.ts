import { decodeEntry, effective, entryExpiry, originOf } from '@tocsin/engine';
import type { LogRecord } from '@tocsin/core';
import type { Pipeline } from './pipeline.ts';
import { textOf } from './pipeline.ts';
import { inputOf, partitions } from './stages.ts';

/** Everything that a stage left behind, byte for byte, in an order that does not depend on who wrote when. */
export interface Trace {
  /** What readers take of its outputs: target, provenance, key, value and headers. */
  readonly outputs: readonly string[];
  /** Its entries that have not expired, resident ones, timers and watermarks among them, and its clock. */
  readonly state: readonly string[];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Text where it is text, so that a difference can be read. */
function shown(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  const text = textOf(bytes);
  return Buffer.from(text).equals(Buffer.from(bytes)) ? JSON.stringify(text) : hex(bytes);
}

export function lineOf({ topic, partition, key, value, headers }: LogRecord): string {
  const names = Object.keys(headers).sort();
  const heads = names.map((name) => `${name}=${shown(headers[name]!)}`).join(' ');
  return `${topic}/${partition} ${heads} ${shown(key)} ${shown(value)}`;
}

/** The outputs of a stage as readers take them. In order for each source and target; how sources interleave is the log's affair. */
export function outputsOf({ log }: Pipeline, stage: string): readonly LogRecord[] {
  return Object.entries(partitions).flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => {
      const bySource = new Map<string, LogRecord[]>();
      for (const record of effective(log.partition(topic, partition).records)) {
        const source = originOf(record)?.source;
        if (source?.startsWith(`${stage}/`) !== true) continue;
        const before = bySource.get(source);
        if (before === undefined) bySource.set(source, [record]);
        else before.push(record);
      }
      return [...bySource].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, records]) => records);
    }).flat(),
  );
}

export function traceOf(pipeline: Pipeline, stage: string): Trace {
  const count = partitions[inputOf(stage)]!;
  const state = Array.from({ length: count }, (_, partition) => {
    const clockAt = pipeline.clockOf(stage, partition);
    const live = [...pipeline.store.entries(stage, partition)].filter(([, bytes]) => {
      const expiresAt = entryExpiry(bytes);
      return expiresAt === 0 || expiresAt > clockAt;
    });
    return [
      `${partition} clock ${clockAt}`,
      ...live.map(([key, bytes]) => `${partition} ${key} ${JSON.stringify(decodeEntry(bytes))} ${hex(bytes)}`).sort(),
    ];
  }).flat();
  return { outputs: outputsOf(pipeline, stage).map(lineOf), state };
}

/** How many outputs were written again by replays. */
export function reproductionsIn({ log }: Pipeline): number {
  return Object.entries(partitions).reduce((sum, [topic, count]) => {
    for (let partition = 0; partition < count; partition++) {
      const { records } = log.partition(topic, partition);
      sum += records.length - effective(records).length;
    }
    return sum;
  }, 0);
}
