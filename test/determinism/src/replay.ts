import type { EngineLimits } from '@tocsin/engine';
import type { Lived } from './life.ts';
import { Pipeline } from './pipeline.ts';
import type { Breakage } from './pipeline.ts';
import { inputOf, partitions } from './stages.ts';

/** So early that no tick is due by it: time comes from the records alone. */
const longBefore = Date.UTC(2020, 0, 1);

/** A store of its own and the input of one stage as it stands in the log of a life, ready to be read once more. */
export function prepared(
  lived: Lived,
  stage: string,
  cut?: (available: number) => number,
  broken: Breakage = {},
): Pipeline {
  const input = inputOf(stage);
  const pipeline = new Pipeline({ startAt: longBefore, broken, ...(cut === undefined ? {} : { cut }) });
  for (let partition = 0; partition < partitions[input]!; partition++) {
    const { records } = lived.pipeline.log.partition(input, partition);
    pipeline.log.partition(input, partition).records.push(...records);
  }
  return pipeline;
}

/** Reads the input of one stage once more, in one go. */
export async function replay(
  lived: Lived,
  stage: string,
  limits: Partial<EngineLimits> = {},
  cut?: (available: number) => number,
): Promise<Pipeline> {
  const pipeline = prepared(lived, stage, cut);
  const { running } = pipeline.start(limits, [stage]);
  // A step that throws is replayed after a wait of no time at all.
  await pipeline.clock.advance(0);
  for (const one of await running) await one.stop();
  return pipeline;
}
