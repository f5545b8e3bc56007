import { topicNames } from '@tocsin/core';
import type { ServiceName } from '@tocsin/test-e2e';
import { bankTopic, installation } from '../bed/ground.ts';
import type { Instance } from '../bed/bed.ts';
import { longestPause } from '../judge/pauses.ts';
import { extraOutput } from '../preload/index.ts';
import { say } from '../say.ts';
import { rest, revive } from './kind.ts';
import type { Kind } from './kind.ts';

/*
 * What operators do on an ordinary day, under load and judged by the same oracle. Each comes only where it is asked for by
 * name; the first two with nothing else under way.
 */

/** Long enough for a rebalance and for what it held up. */
const settleMs = 4_000;

const inputs = {
  ingest: { stage: 'ingest.payments', topic: bankTopic },
  detect: { stage: 'detect', topic: topicNames.accountEvents },
} as const;

/** One instance, two, four, and one again; how long a partition stood still at most is remembered. */
export const scaled: Kind = {
  name: 'scale',
  byName: true,
  exclusive: true,
  draw: (bed, random, memory) => {
    const name = random.pick(['ingest', 'detect'] as const);
    const [, second] = bed.of(name) as [Instance, Instance];
    return {
      target: `${name}: 1, 2, 4, 1`,
      needs: bed.of(name).map(({ label }) => `process ${label}`),
      run: async () => {
        const further = [await bed.further(name, 'c'), await bed.further(name, 'd')];
        const { stage, topic } = inputs[name];
        await second.process.end('SIGTERM');
        await rest(settleMs);
        const longest = longestPause(bed.log, `${installation}.${stage}`, topic);
        await revive(second);
        await rest(settleMs);
        await Promise.all(further.map(revive));
        await rest(settleMs);
        await Promise.all([second, ...further].map(({ process }) => process.end('SIGTERM')));
        await rest(settleMs);
        const { longestMs, partition, samples } = await longest();
        memory.pauses.push({ what: `${name} scaled 1, 2, 4, 1`, longestMs });
        say(`the longest pause was ${longestMs} ms, of partition ${partition}, by ${samples} looks`);
        await revive(second);
      },
    };
  },
};

const stages: readonly ServiceName[] = ['ingest', 'detect', 'alert', 'deliver'];

/**
 * A rolling upgrade to a build that cuts its outputs differently, one instance of each stage and then the other, so that old
 * and new run together for a while; then, for whatever reason, back to the old build in the same way.
 */
export const rollingUpgrade: Kind = {
  name: 'rolling-upgrade',
  byName: true,
  exclusive: true,
  draw: (bed) => ({
    target: 'all stages, to a build with one more output and back',
    needs: bed.instances.map(({ label }) => `process ${label}`),
    run: async () => {
      const replace = async (which: 0 | 1, preloadsOf: (before: string[]) => string[]): Promise<void> => {
        await Promise.all(
          stages.map(async (name) => {
            const instance = bed.of(name)[which]!;
            await instance.process.end('SIGTERM');
            instance.preloads = preloadsOf(instance.preloads);
            await revive(instance);
          }),
        );
        await rest(settleMs / 2);
      };
      const newer = (before: string[]): string[] => [...before, extraOutput];
      const older = (before: string[]): string[] => before.filter((url) => url !== extraOutput);
      await replace(0, newer);
      await replace(1, newer);
      await replace(0, older);
      await replace(1, older);
    },
  }),
};

/**
 * Redis is restored from a snapshot that was copied away before the first fault of the shuffle, at least so long ago as
 * `--snapshot-age` says: everything since then is replayed.
 */
export const redisSnapshot: Kind = {
  name: 'redis-snapshot',
  byName: true,
  draw: ({ redis, options: { snapshotAgeMs } }) => {
    const restore = redis.remember();
    const takenAt = performance.now();
    return {
      target: 'redis, from a snapshot',
      needs: ['redis'],
      ready: () => rest(Math.max(0, snapshotAgeMs - (performance.now() - takenAt))),
      run: async () => {
        say(`the snapshot is ${Math.round((performance.now() - takenAt) / 1_000)} s old`);
        await restore(500);
        await redis.whole();
      },
    };
  },
};
