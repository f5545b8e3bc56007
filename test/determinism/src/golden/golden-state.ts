import { createHash } from 'node:crypto';
import { decodeEntry, entryExpiry, entryFormat, originOf } from '@tocsin/engine';
import type { LogRecord, Position } from '@tocsin/core';
import { Life, lifeBeginsAt } from '../life.ts';
import { Pipeline, stop } from '../pipeline.ts';
import { inputOf, partitions, stageNames } from '../stages.ts';
import { lineOf, outputsOf } from '../trace.ts';
import { restoredRecord, storedRecord } from './golden-file.ts';
import type { GoldenLine } from './golden-file.ts';
import { after, before } from './golden-life.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'base64');
const partitionsOf = (stage: string): readonly number[] => [...Array(partitions[inputOf(stage)]).keys()];
const byKey = <T>([a]: readonly [string, T], [b]: readonly [string, T]): number => (a < b ? -1 : 1);

/** The stages live the first part, save, and live the second part. */
export async function goldenLife(): Promise<{
  readonly pipeline: Pipeline;
  readonly between: ReturnType<Pipeline['store']['snapshot']>;
}> {
  const pipeline = new Pipeline({ startAt: lifeBeginsAt });
  const life = new Life(pipeline);
  const first = pipeline.start();
  await life.begin();
  for (const act of before) await life.act(act);
  await stop(first);
  const between = pipeline.store.snapshot();
  const second = pipeline.start();
  for (const act of after) await life.act(act);
  await pipeline.clock.advance(2_500);
  await stop(second);
  return { pipeline, between };
}

/** What a stage remembers in the end, without what has expired. */
function memoriesOf(pipeline: Pipeline, stage: string, partition: number): readonly GoldenLine[] {
  const clockAt = pipeline.clockOf(stage, partition);
  return [...pipeline.store.entries(stage, partition)]
    .filter(([, bytes]) => entryExpiry(bytes) === 0 || entryExpiry(bytes) > clockAt)
    .sort(byKey)
    .map(([remembers, bytes]) => {
      const json = JSON.stringify(decodeEntry(bytes));
      return { stage, partition, remembers, sha256: createHash('sha256').update(json).digest('hex') };
    });
}

/** Lines of the golden file of the format that this build writes. */
export async function goldenState(version: string): Promise<readonly GoldenLine[]> {
  const { pipeline, between } = await goldenLife();
  const lines: GoldenLine[] = [{ format: entryFormat, version }];
  for (const stage of stageNames) {
    const positions = new Map<number, Position>();
    for (const partition of partitionsOf(stage)) {
      const slot = between.get(`${stage}:${partition}`);
      const position = slot?.position;
      if (slot === undefined || position == null) continue;
      positions.set(partition, position);
      lines.push({ stage, partition, position });
      for (const [entry, bytes] of [...slot.entries].sort(byKey)) {
        lines.push({ stage, partition, entry, bytes: base64(bytes) });
      }
      // From the record consumed last: it must be found where it stood.
      const from = position.fingerprint?.offset ?? position.offset;
      const topic = inputOf(stage);
      for (const record of pipeline.log.partition(topic, partition).records.slice(from)) {
        lines.push({ topic, partition, record: storedRecord(record) });
      }
    }
    for (const record of outputsOf(pipeline, stage)) {
      if (isAfter(record, positions)) lines.push({ stage, output: lineOf(record) });
    }
    for (const partition of positions.keys()) lines.push(...memoriesOf(pipeline, stage, partition));
  }
  return lines;
}

function isAfter(record: LogRecord, positions: ReadonlyMap<number, Position>): boolean {
  const { source, offset } = originOf(record)!;
  const position = positions.get(Number(source.split('/').at(-2)));
  return position !== undefined && offset >= position.offset;
}

/** Log and store of one stage as a golden file has them, ready to be gone on from. */
export async function restoredPipeline(
  lines: readonly GoldenLine[],
  stage: string,
  change: (bytes: Uint8Array, entry: string) => Uint8Array = (bytes) => bytes,
): Promise<Pipeline> {
  const pipeline = new Pipeline({ startAt: lifeBeginsAt });
  for (const line of lines) {
    if (!('record' in line) || line.topic !== inputOf(stage)) continue;
    const log = pipeline.log.partition(line.topic, line.partition);
    if (log.records.length === 0) log.start = line.record.offset;
    log.records.push(restoredRecord(line.topic, line.partition, line.record));
  }
  for (const line of lines) {
    if (!('position' in line) || line.stage !== stage) continue;
    const { partition, position } = line;
    const log = pipeline.log.partition(inputOf(stage), partition);
    if (log.records.length === 0) log.start = position.offset;
    const slot = pipeline.store.slot(stage, partition);
    const acquired = await slot.acquire({ leaseMs: 1_000, takeOver: true });
    if ('busyMs' in acquired) throw new Error('A new store is nobody’s.');
    const entries = lines.flatMap((one): [string, Uint8Array][] =>
      'bytes' in one && one.stage === stage && one.partition === partition
        ? [[one.entry, change(bytesOf(one.bytes), one.entry)]]
        : [],
    );
    const { token } = acquired;
    await slot.checkpoint({ token, version: 0, position, entries: new Map(entries), leaseMs: 1_000, release: true });
  }
  return pipeline;
}

/** Goes on from a golden file; what comes of it, as such a file tells it. */
export async function continued(lines: readonly GoldenLine[]): Promise<readonly GoldenLine[]> {
  const results: GoldenLine[] = [];
  for (const stage of stageNames) {
    const pipeline = await restoredPipeline(lines, stage);
    const machine = pipeline.start({}, [stage]);
    await machine.running;
    await pipeline.clock.advance(0);
    await stop(machine);
    const positions = new Map(
      lines.flatMap((line) => ('position' in line && line.stage === stage ? [[line.partition, line.position]] : [])),
    );
    // Of what a stage wrote to itself, some stood in its input before.
    for (const record of outputsOf(pipeline, stage)) {
      if (isAfter(record, positions)) results.push({ stage, output: lineOf(record) });
    }
    for (const partition of positions.keys()) results.push(...memoriesOf(pipeline, stage, partition));
  }
  return results;
}

/** What must come of it. */
export const expectedOf = (lines: readonly GoldenLine[]): readonly GoldenLine[] =>
  lines.filter((line) => 'output' in line || 'remembers' in line);
