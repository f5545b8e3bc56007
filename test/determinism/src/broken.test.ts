import { describe, expect, it } from '@jest/globals';
import type { Stage } from '@tocsin/core';
import { withoutAcknowledgements, withoutReadFence, withoutWatermarks } from '@tocsin/engine';
import fc from 'fast-check';
import { acts } from './act.ts';
import { hardLife, sufferedLife } from './hard-life.ts';
import { live } from './life.ts';
import { Fleet } from './misfortunes.ts';
import type { Misfortune } from './misfortunes.ts';
import { judge } from './oracle.ts';
import type { Breakage } from './pipeline.ts';
import { prepared } from './replay.ts';
import { patienceMs } from './runs.ts';
import { traceOf } from './trace.ts';

/** Lives until one shows a fault; that the right engine shows none in such lives is a property of its own. */
async function faultsOf(broken: Breakage): Promise<readonly string[]> {
  for (const given of fc.sample(hardLife, { numRuns: 60, seed: 5 })) {
    const { faults } = judge((await sufferedLife(given, broken)).pipeline);
    if (faults.length > 0) return faults;
  }
  return [];
}

/** Remembers in memory, beside its entries, how many records it has seen. */
function forgetful(stage: Stage<never>): Stage<never> {
  let count = 0;
  return {
    ...stage,
    step(context, record) {
      const heads = { seen: String(count++ % 3) };
      stage.step(
        { ...context, emit: (output) => context.emit({ ...output, key: `${output.key}${heads.seen}` }) },
        record,
      );
    },
  };
}

/** What an engine makes of detect's part of one life, for each of many misfortunes; the first that shows in its outputs. */
async function firstHarm(misfortuneAt: (at: number) => Misfortune, broken: Breakage): Promise<number | undefined> {
  const lived = await live(fc.sample(acts(60, 60), { numRuns: 1, seed: 2 })[0]!);
  const was = JSON.stringify(traceOf(lived.pipeline, 'detect').outputs);
  const harms = async (at: number, breakage: Breakage): Promise<boolean> => {
    const pipeline = prepared(lived, 'detect', (available) => Math.min(available, 3), breakage);
    const fleet = new Fleet(pipeline, ['detect']);
    await fleet.suffer(misfortuneAt(at));
    await fleet.recover();
    return JSON.stringify(traceOf(pipeline, 'detect').outputs) !== was;
  };
  for (let at = 0; at < 150; at++) {
    if (!(await harms(at, broken))) continue;
    // The same misfortune harms the right engine in nothing.
    expect(await harms(at, {})).toBe(false);
    return at;
  }
  return undefined;
}

const often = { sliceRecords: 2, cacheEntries: 0, checkpointEntries: 2, sliceDirtyEntries: 2 };
const never = { ...often, checkpointEntries: 1_000_000, checkpointMs: 1_000_000 };

describe('what is broken on purpose is caught', () => {
  it.each<[string, Breakage, (at: number) => Misfortune]>([
    [
      'an engine that saves its position before the acknowledgements',
      { log: withoutAcknowledgements },
      (at) => ({ do: 'join', at, fate: 'refused', limits: often }),
    ],
    [
      'an engine that reads state without asking who the owner is',
      { state: withoutReadFence },
      (at) => ({ do: 'take-over', at: [at, 40], fate: 'freeze-before', limits: [never, often] }),
    ],
  ])(
    '%s',
    async (_name, broken, misfortuneAt) => {
      expect(await firstHarm(misfortuneAt, broken)).toBeDefined();
    },
    patienceMs,
  );

  it.each<[string, Breakage]>([
    ['an engine that keeps no watermarks', { log: withoutWatermarks }],
    ['a stage that remembers what is not in its entries', { stage: forgetful }],
  ])(
    '%s',
    async (_name, broken) => {
      expect(await faultsOf(broken)).not.toEqual([]);
    },
    patienceMs,
  );
});
