import { writeFileSync } from 'node:fs';
import { clockFile } from '../bed/bed.ts';
import { rest } from './kind.ts';
import type { Kind } from './kind.ts';

const minute = 60_000;

/** The wall clock of one instance jumps, and after a while jumps back. */
export const clockJumps: Kind = {
  name: 'clock-jump',
  draw: (bed, random) => {
    const instance = random.pick(bed.instances);
    const byMs = random.between(1, 120) * minute * (random.chance(0.5) ? 1 : -1);
    const forMs = random.between(4_000, 9_000);
    return {
      target: `${instance.label}, by ${byMs / minute} min`,
      needs: [`clock ${instance.label}`],
      run: async () => {
        writeFileSync(clockFile(bed.folder, instance.label), String(byMs));
        await rest(forMs);
        writeFileSync(clockFile(bed.folder, instance.label), '0');
      },
    };
  },
};
