import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';

/** How far the heap may grow past what was alive at the last collection, in percent. */
const growingPercent = 120;

/** From so many waiting records on, work lies in piles: nobody notices a tenth of a second, and everybody the memory. */
const mostWaiting = 5_000;

/**
 * Collects when the heap is a little more than twice what is alive. On a machine with much memory V8 would let it become up
 * to four times as large, and a service is no faster for it; at one and a half times collecting costs a tenth of the chain.
 * To be called before anything is loaded that lives long.
 */
export function tuneCollector(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
}

/**
 * How what is alive is marked, decided after each full collection for the next one, while none is under way.
 *
 * V8 marks on threads beside the process's own work. Where tens of thousands of entries are alive these take every core for
 * a tenth of a second, and whoever works for the same message, in this process or another, has to wait. Without them it is
 * marked in small steps between the work and ends later: that costs memory, and most where a backlog is drained. So it is
 * done by threads while there is a backlog, and else without.
 *
 * `waiting` says how many records wait for this process; undefined, where it has no partition, changes nothing.
 */
export function markByBacklog(waiting: () => Promise<number | undefined>, set = setFlagsFromString): void {
  const observer = new PerformanceObserver((list) => {
    const isFull = list.getEntries().some((entry) => kindOf(entry) === constants.NODE_PERFORMANCE_GC_MAJOR);
    if (isFull) void waiting().then((records) => decide(records, set));
  });
  observer.observe({ entryTypes: ['gc'] });
}

/** The types of Node know no `detail`. */
const kindOf = (entry: object): unknown => (entry as { readonly detail?: { readonly kind: number } }).detail?.kind;

function decide(waiting: number | undefined, set: (flag: string) => void): void {
  if (waiting === undefined) return;
  set(waiting > mostWaiting ? '--concurrent-marking' : '--no-concurrent-marking');
}
