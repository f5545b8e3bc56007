import { hash32 } from './hash.ts';
import { dimensions } from './dimension.ts';
import type { Dimension } from './dimension.ts';
import type { Store } from './feature.ts';
import type { Frame } from './frame.ts';
import type { Population } from './population.ts';
import { keyLimit, maxKeys, storeNumber } from './history.ts';
import { findRow, insertRow, removeRow } from './ring.ts';

/** What a row holds besides its time. */
interface Columns {
  readonly id: string;
  readonly width: number;
  /** The first column is the amount: then rings are kept by currency too. */
  readonly money: boolean;
  /** Fills the row, which has the right length already. False where the transaction does not say it: then there is no row. */
  write(frame: Frame, row: number[]): boolean;
}

const noColumns: Columns = { id: 'times', width: 0, money: false, write: () => true };

const amounts: Columns = {
  id: 'amounts',
  width: 1,
  money: true,
  write({ minor }, row) {
    row[0] = minor;
    return true;
  },
};

/** Degrees are kept in steps of 0.00001, about a metre. */
export const degreesPerStep = 1e-5;

const places: Columns = {
  id: 'places',
  width: 2,
  money: false,
  write({ tx: { merchant } }, row) {
    if (merchant?.latitude === undefined || merchant.longitude === undefined) return false;
    row[0] = Math.round(merchant.latitude / degreesPerStep);
    row[1] = Math.round(merchant.longitude / degreesPerStep);
    return true;
  },
};

const valuesOf = (dimension: Dimension): Columns => ({
  id: `values of ${dimension}`,
  width: 1,
  money: false,
  write({ tx }, row) {
    const value = dimensions[dimension](tx);
    if (value === undefined) return false;
    row[0] = hash32(value);
    return true;
  },
});

/** A store of rows in rings, one ring for each key. */
export interface RingStore extends Store {
  readonly width: number;
  /** The place of the frame's key among the history's rings; -1 where there is no key or nothing was remembered. */
  ring(frame: Frame): number;
  /** Where the frame's own transaction stands in it, which only one that was counted before does; else -1. */
  ownRow(ring: number, frame: Frame): number;
}

interface RingStoreOptions {
  readonly of: Population;
  readonly by: Dimension;
  /** Where a window decides, a transaction that knows only its day has no place. */
  readonly timed: boolean;
}

function allWhole(numbers: readonly number[]): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isSafeInteger(numbers[i])) return false;
  return true;
}

function ringStore(columns: Columns, { of, by, timed }: RingStoreOptions): RingStore {
  const id = `${of.id}/${by}/${columns.id}${timed ? '' : '*'}`;
  const number = storeNumber(id);
  const { width } = columns;
  // One row serves all transactions in turn: an array that is emptied and filled again is allocated again.
  const row = new Array<number>(width).fill(0);
  const keyOf = (frame: Frame) => (columns.money ? frame.moneyKey(by) : frame.key(by));
  return {
    id,
    width,
    population: of,
    ring: (frame) => {
      const key = keyOf(frame);
      return key === undefined ? -1 : frame.history.ring(number, key);
    },
    ownRow: (ring, frame) =>
      frame.counted ? findRow(frame.history.rings, ring, width, frame.at, columns.money ? frame.minor : undefined) : -1,
    absorb(frame, limits) {
      if (timed && frame.tx.precision === 'date') return;
      const key = keyOf(frame);
      if (key === undefined || !columns.write(frame, row)) return;
      // What cannot be stored fails here, with its record, and not at the checkpoint, with the whole partition.
      if (!Number.isSafeInteger(frame.at) || !allWhole(row)) {
        throw new Error(`The store "${id}" remembers whole numbers only.`);
      }
      const ring = frame.history.useRing(number, key, keyLimit(limits.rows));
      if (!insertRow(frame.history.rings, ring, frame.at, row, limits)) frame.lateDropped++;
    },
    withdraw(frame) {
      const first = columns.money ? frame.minor : undefined;
      const { history, at } = frame;
      const own = this.ring(frame);
      if (own >= 0 && removeRow(history.rings, own, width, at, first)) return;
      // A reversal need not repeat card or device: then the row is looked for everywhere.
      history.ringsOf(number).some((ring) => removeRow(history.rings, ring, width, at, first));
    },
  };
}

export const timesStore = (options: RingStoreOptions): RingStore => ringStore(noColumns, options);
export const amountsStore = (options: RingStoreOptions): RingStore => ringStore(amounts, options);
export const placesStore = (options: RingStoreOptions): RingStore => ringStore(places, options);
export const valuesStore = (dimension: Dimension, options: RingStoreOptions): RingStore =>
  ringStore(valuesOf(dimension), options);

/** An exact set: at most 16 values with the time at which each was first seen, the one used least recently going first. */
export interface SetStore extends Store {
  /** When this value was first seen; undefined: never, or forgotten. */
  firstSeenAt(frame: Frame, value: string): number | undefined;
}

export function setStore(of: Population, dimension: Dimension): SetStore {
  const id = `${of.id}/seen ${dimension}`;
  return {
    id,
    population: of,
    firstSeenAt(frame, value) {
      const seen = frame.history.sets[id];
      const index = seen?.indexOf(value) ?? -1;
      return index < 0 ? undefined : (seen![index + 1] as number);
    },
    absorb(frame) {
      const value = dimensions[dimension](frame.tx);
      if (value === undefined) return;
      const seen = (frame.history.sets[id] ??= []);
      const index = seen.indexOf(value);
      let firstAt = frame.at;
      if (index >= 0) {
        firstAt = Math.min(firstAt, seen[index + 1] as number);
        if (index === seen.length - 2) {
          seen[index + 1] = firstAt;
          return;
        }
        seen.splice(index, 2);
      }
      seen.push(value, firstAt);
      if (seen.length > 2 * maxKeys) seen.splice(0, 2);
    },
    // What was seen stays seen: a reversed payment was still made there.
    withdraw: () => {},
  };
}
