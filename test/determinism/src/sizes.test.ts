import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { acts } from './act.ts';
import { live } from './life.ts';
import { sizes } from './misfortunes.ts';
import { judge } from './oracle.ts';
import { prepared, replay } from './replay.ts';
import { patienceMs, tried, usualRuns } from './runs.ts';
import { inputOf, stageNames } from './stages.ts';
import { traceOf } from './trace.ts';

/** A small integer generator (mulberry32), so that batches are cut the same way for the same seed. */
function cutBy(seed: number, most: number): (available: number) => number {
  let a = seed | 0;
  return (available) => {
    a = (a + 0x6d2b79f5) | 0;
    const t = Math.imul(a ^ (a >>> 15), 1 | a);
    return 1 + (((t ^ (t >>> 14)) >>> 0) % Math.min(available, most));
  };
}

describe('every stage of the product', () => {
  const told = new Map<string, number>();

  it(
    'writes and remembers the same, byte for byte, whatever the sizes of batches, slices, checkpoints and cache',
    async () => {
      await fc.assert(
        fc.asyncProperty(acts(), sizes.tiny, sizes.any, fc.nat(), async (given, tiny, other, seed) => {
          const lived = await live(given);
          const { faults, expected } = judge(lived.pipeline);
          expect(faults).toEqual([]);
          for (const stage of stageNames) {
            told.set(stage, (told.get(stage) ?? 0) + expected.get(stage)!);
            const was = traceOf(lived.pipeline, stage);
            const runs = [
              await replay(lived, stage),
              await replay(lived, stage, tiny, cutBy(seed, 4)),
              await replay(lived, stage, other, cutBy(seed + 1, 50)),
            ];
            for (const run of runs) expect(traceOf(run, stage)).toEqual(was);
          }
        }),
        tried(14),
      );
    },
    patienceMs,
  );

  it('had something to say', () => {
    // The four lanes of deliver are one stage with four inputs.
    const said = new Map<string, number>();
    for (const [stage, outputs] of told) {
      const [name] = stage.split('.') as [string];
      said.set(name, (said.get(name) ?? 0) + outputs);
    }
    const silent = [...said].filter(([name, outputs]) => name !== 'directory' && outputs < 20);
    expect(usualRuns ? silent : []).toEqual([]);
  });
});

describe('what a stage of ours wrote again', () => {
  it(
    'changes neither outputs nor state of who reads it, whichever prefix it was, and however often',
    async () => {
      await fc.assert(
        fc.asyncProperty(acts(), fc.array(fc.nat(400), { minLength: 1, maxLength: 3 }), async (given, prefixes) => {
          const lived = await live(given);
          for (const stage of stageNames) {
            const again = prepared(lived, stage);
            for (const partition of [0, 1]) {
              const { records } = again.log.partition(inputOf(stage), partition);
              const written = records.filter(({ headers }) => headers['src'] !== undefined);
              for (const prefix of prefixes) {
                for (const record of written.slice(0, prefix % (written.length + 1))) {
                  records.push({ ...record, offset: records.length, timestamp: record.timestamp + 3_600_000 });
                }
              }
            }
            const { running } = again.start({}, [stage]);
            await again.clock.advance(0);
            for (const one of await running) await one.stop();
            expect(traceOf(again, stage)).toEqual(traceOf(lived.pipeline, stage));
          }
        }),
        tried(8),
      );
    },
    patienceMs,
  );
});
