import type { Stage } from '@tocsin/core';
import { effective, originOf, referenceFold } from './reference-fold.ts';
import type { ReferenceOptions, ReferenceOutput } from './reference-fold.ts';
import type { SimulatedLog } from './simulated-log.ts';

/** What stands in the log, compared with what must stand there. */
export interface Verdict {
  /** Outputs that must stand there and do not. */
  readonly lost: readonly string[];
  /** Outputs that stand there and must not. */
  readonly invented: readonly string[];
  /** Outputs that stand there with other content, or elsewhere. */
  readonly wrong: readonly string[];
  /** How many must stand there: none would mean that nothing was tested. */
  readonly expected: number;
  /** How many were written again by replays, and are to be dropped by readers. */
  readonly reproductions: number;
  /** The entries that the stage must have, by input partition. */
  readonly values: readonly ReadonlyMap<string, unknown>[];
}

const decoder = new TextDecoder();
const kindsOfEngine: ReadonlySet<string> = new Set(['step-failed', 'unreadable']);

const nameOf = ({ source, sequence }: ReferenceOutput): string => `${source}@${sequence}`;

/** Compares everything that a stage wrote with what the oracle makes of the raw log of its input. */
export function verdict<In>(
  log: SimulatedLog,
  stage: Stage<In>,
  options: ReferenceOptions & { readonly outputs: readonly string[] },
): Verdict {
  const values: ReadonlyMap<string, unknown>[] = [];
  const expected = new Map<string, ReferenceOutput>();
  for (let partition = 0; partition < options.partitions[stage.input]!; partition++) {
    const { records } = log.partition(stage.input, partition);
    for (const output of referenceFold(stage, partition, records, options).outputs)
      expected.set(nameOf(output), output);
  }
  const lost = new Set(expected.keys());
  const invented: string[] = [];
  const wrong: string[] = [];
  let reproductions = 0;
  for (const topic of options.outputs) {
    for (let partition = 0; partition < options.partitions[topic]!; partition++) {
      const { records } = log.partition(topic, partition);
      const mine = records.filter((record) => originOf(record)?.source.startsWith(`${stage.name}/`) === true);
      const first = effective(mine);
      reproductions += mine.length - first.length;
      for (const record of first) {
        const { source, offset, index } = originOf(record)!;
        const name = `${source}@${offset}.${index}`;
        const must = expected.get(name);
        if (must === undefined) {
          invented.push(name);
          continue;
        }
        lost.delete(name);
        const text = record.value === null ? 'null' : decoder.decode(record.value);
        // A stage may write dead letters of its own, and those are compared whole.
        const isEngines = topic === options.deadLettersTopic && kindsOfEngine.has(must.value);
        const value = isEngines ? (JSON.parse(text) as { kind: string }).kind : text;
        const key = record.key === null ? '' : decoder.decode(record.key);
        const same = must.topic === topic && must.partition === partition && must.key === key && must.value === value;
        if (!same) wrong.push(name);
      }
    }
  }
  return { lost: [...lost], invented, wrong, expected: expected.size, reproductions, values };
}
