import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Loading and starting are over by then, and the first records may well be there: one pause like any other. */
const afterMs = 5_000;

/**
 * Gives back, once, what starting has left in memory: some 40 MB of source texts and half-grown heap, which a service that
 * idles from then on would otherwise keep, because nothing makes it collect.
 */
export function releaseMemory(afterStartMs = afterMs): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as (options: { type: 'major'; flavor: 'last-resort' }) => void;
    setFlagsFromString('--no-expose-gc');
    collect({ type: 'major', flavor: 'last-resort' });
  }, afterStartMs).unref();
}
