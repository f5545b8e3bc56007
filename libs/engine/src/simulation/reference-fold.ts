import { partitionOf } from '@tocsin/core';
import type { Entries, Instant, LogRecord, Output, Stage, StepContext, Timer } from '@tocsin/core';
import { storedForm } from './stored-form.ts';

/*
 * The outside oracle: what a stage must write, worked out from the log alone, without a line of the engine. Slow, plain,
 * and so short that it can be seen to be right: everything in maps, everything copied.
 */

export interface ReferenceOutput {
  readonly source: string;
  /** `<input offset>.<index>` */
  readonly sequence: string;
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  /** Of a dead letter only the kind, for its text is the engine's. */
  readonly value: string;
}

export interface ReferenceOptions {
  readonly partitions: Readonly<Record<string, number>>;
  readonly generation?: number;
  readonly deadLettersTopic?: string;
}

interface ReferenceState {
  readonly values: Map<string, { readonly value: unknown; readonly expiresAt: Instant }>;
  readonly timers: Map<string, Timer>;
}

const decoder = new TextDecoder();
const form = /^(.+)@(\d+)\.(\d+)$/;

/** Source and sequence of a record, null where it has none. */
export function originOf(record: LogRecord): { source: string; offset: number; index: number } | null {
  const header = record.headers['src'];
  const match = header === undefined ? null : form.exec(decoder.decode(header));
  return match && { source: match[1]!, offset: Number(match[2]), index: Number(match[3]) };
}

/** Only the first record of each sequence counts; what comes again, or late, was written by a replay. */
export function effective(records: readonly LogRecord[]): readonly LogRecord[] {
  const highest = new Map<string, { offset: number; index: number }>();
  return records.filter((record) => {
    const origin = originOf(record);
    if (origin === null) return true;
    const mark = highest.get(origin.source) ?? { offset: -1, index: -1 };
    const above = origin.offset > mark.offset || (origin.offset === mark.offset && origin.index > mark.index);
    if (above) highest.set(origin.source, origin);
    return above;
  });
}

/** What the stage must write for the records of one input partition. */
export function referenceFold<In>(
  stage: Stage<In>,
  partition: number,
  records: readonly LogRecord[],
  options: ReferenceOptions,
): { readonly outputs: readonly ReferenceOutput[]; readonly values: ReadonlyMap<string, unknown> } {
  const outputs: ReferenceOutput[] = [];
  const source = `${stage.name}/${stage.input}/${partition}/${options.generation ?? 1}`;
  let state: ReferenceState = { values: new Map(), timers: new Map() };
  let clock = 0;
  for (const record of effective(records)) {
    clock = Math.max(clock, record.timestamp);
    let index = 0;
    const write = (topic: string, to: number, key: string, value: string): void => {
      outputs.push({ source, sequence: `${record.offset}.${index++}`, topic, partition: to, key, value });
    };
    const deadLetter = (kind: string, key: Uint8Array | null): void => {
      const topic = options.deadLettersTopic!;
      const count = options.partitions[topic]!;
      write(
        topic,
        key === null ? partition % count : partitionOf(key, count),
        key === null ? '' : decoder.decode(key),
        kind,
      );
    };
    /** Runs on a copy, which counts only if nothing throws. */
    const attempt = (at: Instant, run: (context: StepContext) => void, failed: () => void): void => {
      const next: ReferenceState = { values: new Map(state.values), timers: new Map(state.timers) };
      const made: Output[] = [];
      const emit = (output: Output): number => made.push(structuredClone(output));
      const entries = entriesOf(next, clock);
      try {
        run({
          at,
          recordAt: record.timestamp,
          partition,
          offset: record.offset,
          entries,
          timers: {
            set: (timer) => next.timers.set(timer.key, structuredClone(timer)),
            cancel: (key) => next.timers.delete(key),
          },
          emit,
          count: () => {},
        });
      } catch {
        failed();
        return;
      }
      state = next;
      for (const output of made) {
        const to = output.partition ?? partitionOf(output.key, options.partitions[output.topic]!);
        const { rawKey = output.key } = output;
        write(output.topic, to, textOf(rawKey ?? ''), valueTextOf(output.value));
      }
    };
    for (let timer = nextDue(state, clock); timer !== undefined; timer = nextDue(state, clock)) {
      const due = timer;
      state.timers.delete(due.key);
      attempt(
        due.due,
        (context) => stage.onTimer!(context, due),
        () => deadLetter('step-failed', null),
      );
    }
    if (record.headers['tocsin-tick'] !== undefined) continue;
    let input: In;
    try {
      input = stage.decode(record);
      stage.keys(input);
      stage.moreKeys?.(input, entriesOf(state, clock));
    } catch {
      deadLetter('unreadable', record.key);
      continue;
    }
    attempt(
      clock,
      (context) => stage.step(context, input),
      () => deadLetter('step-failed', record.key),
    );
  }
  const live = [...state.values].filter(([, { expiresAt }]) => expiresAt === 0 || expiresAt > clock);
  return { outputs, values: new Map(live.map(([key, { value }]) => [key, value])) };
}

const textOf = (given: string | Uint8Array): string => (typeof given === 'string' ? given : decoder.decode(given));

const valueTextOf = (value: Output['value']): string =>
  typeof value === 'string' || value instanceof Uint8Array ? textOf(value) : JSON.stringify(value);

function nextDue(state: ReferenceState, clock: Instant): Timer | undefined {
  const due = [...state.timers.values()].filter((timer) => timer.due <= clock);
  return due.sort((a, b) => a.due - b.due || (a.key < b.key ? -1 : 1))[0];
}

function entriesOf({ values }: ReferenceState, clock: Instant): Entries {
  const get = <T>(key: string): T | undefined => {
    const entry = values.get(key);
    if (entry === undefined || (entry.expiresAt !== 0 && entry.expiresAt <= clock)) return undefined;
    return structuredClone(entry.value) as T;
  };
  return {
    get,
    put: (key, value, expiresAt = 0) => void values.set(key, { value: structuredClone(storedForm(value)), expiresAt }),
    delete: (key) => void values.delete(key),
    *resident<T>(prefix: string) {
      for (const key of [...values.keys()].filter((name) => name.startsWith(prefix)).sort()) {
        const value = get<T>(key);
        if (value !== undefined) yield [key, value] as const;
      }
    },
  };
}
