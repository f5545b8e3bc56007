import { revive, rest } from './kind.ts';
import type { Kind } from './kind.ts';

/* What happens to processes of ours. */

const own = (label: string): string => `process ${label}`;

export const killed: Kind = {
  name: 'kill',
  share: 2,
  draw: ({ instances }, random) => {
    const instance = random.pick(instances);
    const awayMs = random.between(0, 2_000);
    return {
      target: instance.label,
      needs: [own(instance.label)],
      run: async () => {
        await instance.process.end('SIGKILL');
        await rest(awayMs);
        await revive(instance);
      },
    };
  },
};

export const killedTwice: Kind = {
  name: 'kill-twice',
  draw: ({ instances }, random) => {
    const instance = random.pick(instances);
    const [awayMs, upMs] = [random.between(0, 200), random.between(50, 750)];
    return {
      target: instance.label,
      needs: [own(instance.label)],
      run: async () => {
        await instance.process.end('SIGKILL');
        await rest(awayMs);
        instance.process.launch(instance.preloads);
        await rest(upMs);
        await instance.process.end('SIGKILL');
        await revive(instance);
      },
    };
  },
};

/** Frozen for longer than the group waits: it wakes up as an owner that no longer is one. */
export const zombie: Kind = {
  name: 'zombie',
  share: 2,
  draw: ({ instances }, random) => {
    const instance = random.pick(instances.filter(({ name }) => name !== 'gateway'));
    const frozenMs = random.between(7_000, 10_500);
    return {
      target: instance.label,
      needs: [own(instance.label)],
      run: async () => {
        instance.process.freeze();
        await rest(frozenMs);
        instance.process.thaw();
      },
    };
  },
};

/** One leaves in order and joins again: two rebalances under load. */
export const leavesAndJoins: Kind = {
  name: 'leave-join',
  draw: ({ instances }, random) => {
    const instance = random.pick(instances);
    const awayMs = random.between(200, 4_000);
    return {
      target: instance.label,
      needs: [own(instance.label)],
      run: async () => {
        await instance.process.end('SIGTERM');
        await rest(awayMs);
        await revive(instance);
      },
    };
  },
};
