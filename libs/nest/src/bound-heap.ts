import { setFlagsFromString } from 'node:v8';

/** How far the heap may grow past what was alive at the last collection, in percent. */
const growingPercent = 50;

/**
 * Collects before the heap is half as large again as what is alive. On a machine with much memory V8 would let it become up
 * to four times as large; a service at half load then has twice as much resident, and is no faster for it. To be called
 * before anything is loaded that lives long.
 */
export const boundHeap = (): void => setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
