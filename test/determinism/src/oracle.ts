import { verdict } from '@tocsin/engine';
import { topicNames } from '@tocsin/core';
import type { Pipeline } from './pipeline.ts';
import { partitions, realStages, stageNames } from './stages.ts';

export interface Judgement {
  /** What is lost, invented or wrong, as sentences. */
  readonly faults: readonly string[];
  /** How many outputs each stage must have written. */
  readonly expected: ReadonlyMap<string, number>;
}

/** Holds what every stage wrote against what must follow from the raw log of its input, worked out without the engine. */
export function judge({ log }: Pipeline, names: readonly string[] = stageNames): Judgement {
  const faults: string[] = [];
  const expected = new Map<string, number>();
  for (const name of names) {
    const { lost, invented, wrong, ...found } = verdict(log, realStages().get(name)!, {
      partitions,
      deadLettersTopic: topicNames.deadLetters,
      outputs: Object.keys(partitions),
    });
    expected.set(name, found.expected);
    for (const [what, outputs] of Object.entries({ lost, invented, wrong })) {
      faults.push(...outputs.map((output) => `${what} ${output}`));
    }
  }
  return { faults, expected };
}
