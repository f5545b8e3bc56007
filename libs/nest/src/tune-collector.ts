import { setFlagsFromString } from 'node:v8';

/** How far the heap may grow past what was alive at the last collection, in percent. */
const growingPercent = 120;

export interface CollectorOptions {
  /**
   * V8's default: threads beside the process's own mark what is alive. Where tens of thousands of entries are alive these take
   * every core for a tenth of a second, and whoever works for the same message in another process has to wait. Without them
   * it is marked in small steps between the process's own work, ends later, and so costs memory.
   */
  readonly concurrentMarking: boolean;
}

/**
 * Collects when the heap is a little more than twice what is alive. On a machine with much memory V8 would let it become up
 * to four times as large, and a service is no faster for it; at one and a half times collecting costs a tenth of the chain.
 * To be called before anything is loaded that lives long.
 */
export function tuneCollector({ concurrentMarking }: CollectorOptions): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  if (!concurrentMarking) setFlagsFromString('--no-concurrent-marking');
}
