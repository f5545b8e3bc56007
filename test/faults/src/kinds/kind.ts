import type { Random } from '@tocsin/test-e2e';
import type { Bed, Instance } from '../bed/bed.ts';
import type { Ground } from '../bed/ground.ts';
import type { Memory } from '../memory.ts';

/** A fault that is about to happen. */
export interface Drawn {
  /** What it happens to, for the log. */
  readonly target: string;
  /** Things that only one fault at a time may touch. */
  readonly needs: readonly string[];
  /** What it waits for before it begins. */
  ready?(): Promise<void>;
  /** Does it, and undoes it; resolves at the end of the fault. */
  run(): Promise<void>;
}

/** One kind of fault, on the bed that it needs. A kind draws everything that it needs from the seed before it begins. */
export interface Kind<B extends Ground = Bed> {
  readonly name: string;
  /** Only where there are so many brokers. */
  readonly brokers?: 1 | 3;
  /** Takes so long that it begins before the other faults of its shuffle. */
  readonly long?: true;
  /** Happens with nothing else under way, after the other faults of its shuffle. */
  readonly exclusive?: true;
  /** Comes only where it is asked for by name. */
  readonly byName?: true;
  /** In one shuffle of all kinds it comes so often. */
  readonly share?: number;
  draw(bed: B, random: Random, memory: Memory): Drawn;
}

export const rest = (span: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, span));

/** Comes up again, however often it takes; the brokers may be away meanwhile. */
export async function revive({ process, preloads }: Instance): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    if (!process.running) process.launch(preloads);
    try {
      await process.ready(120_000);
      return;
    } catch (error) {
      if (attempt === 4) throw error;
      await rest(500);
    }
  }
}
