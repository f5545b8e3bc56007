import type { Instant, Span } from '../time.ts';

/*
 * A ring: the newest rows of something, in the order of their own time, never more than a fixed number of them.
 *
 * All rings of an account lie one behind the other in one flat array of numbers, just as they are stored, so that they are
 * read, kept and written without objects:
 *
 *   [store, key, length, newestAt, lostAt, (gap, columns...)*]*
 *
 * A ring is named by its place, the index of its `store`; places behind a row that comes or goes move. `length` says how many
 * numbers follow it in the ring. The oldest row comes first. `gap` is the time since the row before, because small numbers
 * take few bytes; that of the first row is 0. `lostAt` is the time of the newest row that had to go: a window that reaches
 * back to it is saturated, and what is counted there is a lower bound.
 *
 * A row is known by its time and its columns. Two rows that agree in both stand for payments that no window can tell
 * apart, so removing either is right.
 */
export type Rings = number[];

/** How many rows a ring keeps, and how much older than the newest one they may be. */
export interface RingLimits {
  readonly rows: number;
  readonly span: Span;
}

/** From the place of a ring to its parts. */
const toLength = 2;
const toNewest = 3;
const toLost = 4;
const toRows = 5;

export const endOf = (rings: Rings, ring: number): number => ring + toNewest + rings[ring + toLength]!;

/** Puts an empty ring behind the others and returns its place. */
export function addRing(rings: Rings, store: number, key: number): number {
  rings.push(store, key, toRows - toNewest, 0, 0);
  return rings.length - toRows;
}

const newestOf = (rings: Rings, ring: number): Instant => rings[ring + toNewest]!;

export const rowCount = (rings: Rings, ring: number, width: number): number =>
  (endOf(rings, ring) - ring - toRows) / (width + 1);

function addRow(rings: Rings, ring: number, at: number, gap: number, columns: readonly number[]): void {
  if (at < rings.length) rings.splice(at, 0, gap, ...columns);
  else {
    rings.push(gap);
    for (let i = 0; i < columns.length; i++) rings.push(columns[i]!);
  }
  rings[ring + toLength]! += columns.length + 1;
}

function loseUntil(rings: Rings, ring: number, at: Instant): void {
  if (at > rings[ring + toLost]!) rings[ring + toLost] = at;
}

/** Takes the oldest rows out until the ring is within its limits; the newest one stays in any case. */
function shrink(rings: Rings, ring: number, stride: number, { rows, span }: RingLimits): void {
  const first = ring + toRows;
  const last = endOf(rings, ring) - stride;
  const newest = newestOf(rings, ring);
  let oldest = newest;
  for (let i = first + stride; i <= last; i += stride) oldest -= rings[i]!;
  let start = first;
  while (start < last && ((last - start) / stride >= rows || oldest <= newest - span)) {
    loseUntil(rings, ring, oldest);
    start += stride;
    oldest += rings[start]!;
  }
  if (start === first) return;
  rings.splice(first, start - first);
  rings[ring + toLength]! -= start - first;
  rings[first] = 0;
}

/**
 * Puts a row where its time belongs; one that comes late is put between the others. False when the ring is full and the
 * row is older than all in it: then it is lost, and windows that would hold it are saturated.
 */
export function insertRow(
  rings: Rings,
  ring: number,
  at: Instant,
  columns: readonly number[],
  limits: RingLimits,
): boolean {
  const stride = columns.length + 1;
  const first = ring + toRows;
  let end = endOf(rings, ring);
  const newest = newestOf(rings, ring);
  if (end === first || at >= newest) {
    addRow(rings, ring, end, end === first ? 0 : at - newest, columns);
    rings[ring + toNewest] = at;
  } else {
    let before = newest;
    let after = newest;
    while (end > first && before > at) {
      after = before;
      end -= stride;
      before -= rings[end]!;
    }
    const isOldest = end === first;
    if (isOldest && (rowCount(rings, ring, columns.length) >= limits.rows || at <= newest - limits.span)) {
      loseUntil(rings, ring, at);
      return false;
    }
    rings[end] = after - at;
    addRow(rings, ring, end, isOldest ? 0 : at - before, columns);
  }
  shrink(rings, ring, stride, limits);
  return true;
}

/** Takes one row of exactly this time (and, where given, this first column) out. False when there is none. */
export function removeRow(rings: Rings, ring: number, width: number, at: Instant, column?: number): boolean {
  const start = findRow(rings, ring, width, at, column);
  if (start < 0) return false;
  const stride = width + 1;
  const first = ring + toRows;
  const gap = rings[start]!;
  const isNewest = start + stride === endOf(rings, ring);
  rings.splice(start, stride);
  rings[ring + toLength]! -= stride;
  if (!isNewest) rings[start] = start === first ? 0 : rings[start]! + gap;
  else rings[ring + toNewest] = start === first ? 0 : newestOf(rings, ring) - gap;
  return true;
}

/** Where the row of exactly this time (and first column) begins; -1 when there is none. */
export function findRow(rings: Rings, ring: number, width: number, at: Instant, column?: number): number {
  const stride = width + 1;
  const first = ring + toRows;
  let time = newestOf(rings, ring);
  for (let i = endOf(rings, ring) - stride; i >= first && time >= at; i -= stride) {
    if (time === at && (column === undefined || rings[i + 1] === column)) return i;
    time -= rings[i]!;
  }
  return -1;
}

/** How many rows lie in (after, until]. */
export function countRows(rings: Rings, ring: number, width: number, after: Instant, until: Instant): number {
  const stride = width + 1;
  const first = ring + toRows;
  let count = 0;
  let time = newestOf(rings, ring);
  for (let i = endOf(rings, ring) - stride; i >= first && time > after; i -= stride) {
    if (time <= until) count++;
    time -= rings[i]!;
  }
  return count;
}

/**
 * Where the rows of (after, until] begin, newest first, and their times: appended to the two arrays. For features that look
 * at columns.
 */
export function findRows(
  rings: Rings,
  ring: number,
  width: number,
  after: Instant,
  until: Instant,
  starts: number[],
  times: Instant[],
): void {
  const stride = width + 1;
  const first = ring + toRows;
  let time = newestOf(rings, ring);
  for (let i = endOf(rings, ring) - stride; i >= first && time > after; i -= stride) {
    if (time <= until) {
      starts.push(i);
      times.push(time);
    }
    time -= rings[i]!;
  }
}

/** Did a row that this window would hold have to go? */
export const isSaturated = (rings: Rings, ring: number, after: Instant): boolean => rings[ring + toLost]! > after;

/** The next power of two, within what an entry of the state can hold. */
export function ringCapacity(rows: number): number {
  let capacity = 4;
  while (capacity < rows && capacity < maxRingRows) capacity *= 2;
  return capacity;
}

export const maxRingRows = 256;
