import { setFlagsFromString } from 'node:v8';

/** How far the heap may grow past what was alive at the last collection, in percent. */
const growingPercent = 120;

/**
 * Collects when the heap is a little more than twice what is alive. On a machine with much memory V8 would let it become up
 * to four times as large, and a service is no faster for it; at one and a half times collecting costs a tenth of the chain.
 *
 * And marks what is alive in small steps between its own work, not on four threads beside it: those take every core for a
 * tenth of a second, and whoever works for the same message in another process has to wait.
 *
 * To be called before anything is loaded that lives long.
 */
export const tuneCollector = (): void =>
  setFlagsFromString(`--heap-growing-percent=${growingPercent} --no-concurrent-marking`);
