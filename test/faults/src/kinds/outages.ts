import { extraOutput } from '../preload/index.ts';
import { rest, revive } from './kind.ts';
import type { Kind } from './kind.ts';

/** `alert` is away longer than it would wait for a receipt: when it is back, nobody may be told a second time. */
export const alertAway: Kind = {
  name: 'alert-away',
  long: true,
  draw: (bed, random) => {
    const both = bed.of('alert');
    const signal = random.pick(['SIGKILL', 'SIGTERM'] as const);
    return {
      target: `alert for ${bed.options.alertAwayMs / 1_000} s`,
      needs: both.map(({ label }) => `process ${label}`),
      run: async () => {
        await Promise.all(both.map(({ process }) => process.end(signal)));
        await rest(bed.options.alertAwayMs);
        await Promise.all(both.map(revive));
      },
    };
  },
};

/**
 * One instance after the other is replaced by a build that cuts its outputs differently: one more, before all others. Then
 * Redis falls back to what it was before, so that the new build replays what the old one wrote; then the old build returns.
 */
export const buildThenRollback: Kind = {
  name: 'build-then-older-file',
  long: true,
  draw: (bed, random) => {
    const name = random.pick(['detect', 'alert'] as const);
    const both = bed.of(name);
    return {
      target: `${name}, a build with one more output`,
      needs: [...both.map(({ label }) => `process ${label}`), 'redis'],
      run: async () => {
        const rollBack = bed.redis.remember();
        for (const instance of both) {
          await instance.process.end('SIGTERM');
          instance.preloads.push(extraOutput);
          await revive(instance);
        }
        await rest(1_000);
        await rollBack(200);
        await bed.redis.whole();
        await rest(3_000);
        for (const instance of both) {
          await instance.process.end('SIGTERM');
          instance.preloads = instance.preloads.filter((url) => url !== extraOutput);
          await revive(instance);
        }
      },
    };
  },
};
