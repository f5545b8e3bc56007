import { days } from '../time.ts';
import type { Instant, Span } from '../time.ts';
import { dimensions } from './dimension.ts';
import type { Dimension } from './dimension.ts';
import type { Feature } from './feature.ts';
import type { Frame } from './frame.ts';
import type { Population } from './population.ts';
import { countRows, findRows, isSaturated, maxRingRows, ringCapacity } from './ring.ts';
import { amountsStore, degreesPerStep, placesStore, setStore, timesStore, valuesStore } from './stores.ts';
import type { RingStore } from './stores.ts';

/*
 * The features that rules can declare. All windows are half-open, (t - W, t], in the transaction's own time: one exactly W
 * old is outside. What happened after t, and only arrived earlier, is never seen.
 */

/** A window over rows. `saturated`: the ring was too small for it, so the number is a lower bound. */
export interface WindowOptions {
  readonly within: Span;
  /** Whose transactions: those of the same card, device … Default: of the account. */
  readonly by?: Dimension;
  /** How far it must be able to count, normally the rule's threshold. Default 64, at most 256. */
  readonly upTo?: number;
}

export interface Counted {
  readonly n: number;
  readonly saturated: boolean;
}

const nothing: Counted = { n: 0, saturated: false };

/** A transaction that comes so late is still judged, by what had happened before it: so that has to be there still. */
const lateness = days(5);

const windowOf = (store: RingStore, { within, upTo = 64 }: WindowOptions) => ({
  store,
  rows: ringCapacity(upTo),
  upTo,
  span: within + lateness,
});

/** How many there are in the window, the current one included where it belongs to them. */
export function count(of: Population, options: WindowOptions): Feature<Counted> {
  const { within, by = 'account' } = options;
  const store = timesStore({ of, by, timed: true });
  return {
    id: `count ${store.id} ${within}`,
    need: windowOf(store, options),
    read(frame) {
      if (frame.key(by) === undefined) return nothing;
      const own = of.includes(frame.tx) ? 1 : 0;
      const ring = store.ring(frame);
      if (ring < 0) return { n: own, saturated: false };
      const { rings } = frame.history;
      const after = frame.at - within;
      const rows = countRows(rings, ring, store.width, after, frame.at);
      return { n: store.ownRow(ring, frame) >= 0 ? rows : rows + own, saturated: isSaturated(rings, ring, after) };
    },
  };
}

const starts: number[] = [];
const times: Instant[] = [];

/** Finds the rows of the window without the current one, newest first, in `starts` and `times`. */
function others(ring: number, store: RingStore, frame: Frame, within: Span): void {
  starts.length = 0;
  times.length = 0;
  findRows(frame.history.rings, ring, store.width, frame.at - within, frame.at, starts, times);
  const own = store.ownRow(ring, frame);
  const index = own < 0 ? -1 : starts.indexOf(own);
  if (index < 0) return;
  starts.splice(index, 1);
  times.splice(index, 1);
}

/** The amounts of the window added up, in minor units of the transaction's currency, the current one included. */
export function sum(of: Population, options: WindowOptions): Feature<Counted & { readonly minor: number }> {
  const { within, by = 'account' } = options;
  const store = amountsStore({ of, by, timed: true });
  return {
    id: `sum ${store.id} ${within}`,
    need: windowOf(store, options),
    read(frame) {
      const includes = of.includes(frame.tx);
      const own = includes ? { n: 1, minor: frame.tx.amount.minor } : { n: 0, minor: 0 };
      const ring = store.ring(frame);
      if (ring < 0) return { ...own, saturated: false };
      const { rings } = frame.history;
      others(ring, store, frame, within);
      let { minor } = own;
      for (const start of starts) minor += rings[start + 1]!;
      return { n: own.n + starts.length, minor, saturated: isSaturated(rings, ring, frame.at - within) };
    },
  };
}

/** How many different values of `what` there are in the window, the current one included. */
export function distinct(of: Population, what: Dimension, options: WindowOptions): Feature<Counted> {
  const { within, by = 'account' } = options;
  const store = valuesStore(what, { of, by, timed: true });
  return {
    id: `distinct ${store.id} ${within}`,
    need: windowOf(store, options),
    read(frame) {
      const values = new Set<number>();
      const ring = store.ring(frame);
      const { rings } = frame.history;
      if (ring >= 0) {
        others(ring, store, frame, within);
        for (const start of starts) values.add(rings[start + 1]!);
      }
      const own = of.includes(frame.tx) ? frame.key(what) : undefined;
      if (own !== undefined) values.add(own);
      return { n: values.size, saturated: ring >= 0 && isSaturated(rings, ring, frame.at - within) };
    },
  };
}

export interface RecentRow {
  readonly at: Instant;
  readonly minor: number;
}

/** The rows of the window in the transaction's currency, oldest first, without the current one. */
export function recent(of: Population, options: WindowOptions): Feature<readonly RecentRow[]> {
  const { within, by = 'account' } = options;
  const store = amountsStore({ of, by, timed: true });
  return {
    id: `recent ${store.id} ${within}`,
    need: windowOf(store, options),
    read(frame) {
      const ring = store.ring(frame);
      if (ring < 0) return [];
      const { rings } = frame.history;
      others(ring, store, frame, within);
      return starts.map((start, i) => ({ at: times[i]!, minor: rings[start + 1]! })).reverse();
    },
  };
}

export interface Median {
  /** Of how many; at most the memory. */
  readonly n: number;
  /** In minor units; NaN when n is 0. */
  readonly minor: number;
}

const noMedian: Median = { n: 0, minor: Number.NaN };

/**
 * The middle one of the last amounts before this one, in the transaction's currency; of an even number the mean of two. Of at
 * most 256, whatever `memory` says.
 */
export function median(
  of: Population,
  { memory = 50, by = 'account' }: { readonly memory?: number; readonly by?: Dimension } = {},
): Feature<Median> {
  const store = amountsStore({ of, by, timed: false });
  const rows = Math.min(memory, maxRingRows);
  const sorted = new Float64Array(rows);
  return {
    id: `median ${store.id} ${memory}`,
    need: { store, rows, span: Number.POSITIVE_INFINITY, upTo: memory },
    read(frame) {
      const ring = store.ring(frame);
      if (ring < 0) return noMedian;
      const { rings } = frame.history;
      others(ring, store, frame, Number.POSITIVE_INFINITY);
      const n = Math.min(rows, starts.length);
      if (n === 0) return noMedian;
      for (let i = 0; i < n; i++) sorted[i] = rings[starts[i]! + 1]!;
      sorted.subarray(0, n).sort();
      const half = n >> 1;
      return { n, minor: n % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2 };
    },
  };
}

export interface Novelty {
  /** Was the value there before, or is it the account's own from the start? */
  readonly seen: boolean;
  readonly value: string | undefined;
}

/** Is the value of this dimension new for the account? Exact up to 16 values, then the ones used least recently are new again. */
export function firstSeen(of: Population, dimension: Dimension): Feature<Novelty> {
  const store = setStore(of, dimension);
  return {
    id: store.id,
    need: { store, rows: 1, span: Number.POSITIVE_INFINITY },
    read(frame) {
      const value = dimensions[dimension](frame.tx);
      if (value === undefined) return { seen: false, value };
      const firstAt = store.firstSeenAt(frame, value);
      return { seen: firstAt !== undefined && firstAt <= frame.at, value };
    },
  };
}

export interface Place {
  readonly at: Instant;
  /** Degrees, WGS 84. */
  readonly latitude: number;
  readonly longitude: number;
}

/** Where the one before took place, by its own time. Some more are kept, so that one that comes late has a predecessor too. */
export function previousPlace(
  of: Population,
  { by = 'card' }: { readonly by?: Dimension } = {},
): Feature<Place | undefined> {
  const store = placesStore({ of, by, timed: true });
  return {
    id: `previous ${store.id}`,
    need: { store, rows: 4, span: Number.POSITIVE_INFINITY },
    read(frame) {
      const ring = store.ring(frame);
      if (ring < 0) return undefined;
      const { rings } = frame.history;
      others(ring, store, frame, Number.POSITIVE_INFINITY);
      const start = starts[0];
      if (start === undefined) return undefined;
      return {
        at: times[0]!,
        latitude: rings[start + 1]! * degreesPerStep,
        longitude: rings[start + 2]! * degreesPerStep,
      };
    },
  };
}
