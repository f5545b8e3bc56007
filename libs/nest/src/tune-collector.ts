import { setFlagsFromString } from 'node:v8';

/** How far the heap may grow past what was alive at the last collection, in percent. */
const growingPercent = 120;

export interface CollectorOptions {
  /**
   * Marks what is alive in small steps between the process's own work, not on four threads beside it. Where tens of
   * thousands of entries are alive these take every core for a tenth of a second, and whoever works for the same message in
   * another process has to wait. It costs memory, since marking ends later, and so is no use to those with little alive.
   */
  readonly markAlone: boolean;
}

/**
 * Collects when the heap is a little more than twice what is alive. On a machine with much memory V8 would let it become up
 * to four times as large, and a service is no faster for it; at one and a half times collecting costs a tenth of the chain.
 * To be called before anything is loaded that lives long.
 */
export function tuneCollector({ markAlone }: CollectorOptions): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  if (markAlone) setFlagsFromString('--no-concurrent-marking');
}
