import type { Instant, Span } from '../time.ts';

/*
 * A ring: the newest rows of something, in the order of their own time, never more than a fixed number of them.
 *
 * It is one flat array of numbers, so that it is stored and read without objects: [newestAt, lostAt, (gap, columns...)*],
 * oldest row first. `gap` is the time since the row before, because small numbers take few bytes; that of the first row is
 * 0. `lostAt` is the time of the newest row that had to go: a window that reaches back to it is saturated, and what is
 * counted there is a lower bound.
 *
 * A row is known by its time and its columns. Two rows that agree in both stand for payments that no window can tell
 * apart, so removing either is right.
 */
export type Ring = number[];

/** How many rows a ring keeps, and how much older than the newest one they may be. */
export interface RingLimits {
  readonly rows: number;
  readonly span: Span;
}

const head = 2;

export const newRing = (): Ring => [0, 0];

export const rowCount = (ring: Ring, width: number): number => (ring.length - head) / (width + 1);

const newestOf = (ring: Ring): Instant => ring[0]!;

function oldestAt(ring: Ring, stride: number): Instant {
  let at = newestOf(ring);
  for (let i = head + stride; i < ring.length; i += stride) at -= ring[i]!;
  return at;
}

function loseOldest(ring: Ring, stride: number, at: Instant): void {
  if (at > ring[1]!) ring[1] = at;
  ring.splice(head, stride);
  if (ring.length > head) ring[head] = 0;
}

function shrink(ring: Ring, stride: number, limits: RingLimits): void {
  let oldest = oldestAt(ring, stride);
  while (ring.length > head + stride) {
    const tooMany = (ring.length - head) / stride > limits.rows;
    if (!tooMany && oldest > newestOf(ring) - limits.span) return;
    const next = oldest + ring[head + stride]!;
    loseOldest(ring, stride, oldest);
    oldest = next;
  }
}

/**
 * Puts a row where its time belongs; one that comes late is put between the others. False when the ring is full and the
 * row is older than all in it: then it is lost, and windows that would hold it are saturated.
 */
export function insertRow(ring: Ring, at: Instant, columns: readonly number[], limits: RingLimits): boolean {
  const stride = columns.length + 1;
  if (ring.length === head || at >= newestOf(ring)) {
    ring.push(ring.length === head ? 0 : at - newestOf(ring));
    for (let i = 0; i < columns.length; i++) ring.push(columns[i]!);
    ring[0] = at;
    shrink(ring, stride, limits);
    return true;
  }
  let end = ring.length;
  let before = newestOf(ring);
  let after = before;
  while (end > head && before > at) {
    after = before;
    end -= stride;
    before -= ring[end]!;
  }
  const first = end === head;
  if (first && (rowCount(ring, columns.length) >= limits.rows || at <= newestOf(ring) - limits.span)) {
    if (at > ring[1]!) ring[1] = at;
    return false;
  }
  ring[end] = after - at;
  ring.splice(end, 0, first ? 0 : at - before, ...columns);
  shrink(ring, stride, limits);
  return true;
}

/** Takes one row of exactly this time (and, where given, this first column) out. False when there is none. */
export function removeRow(ring: Ring, width: number, at: Instant, first?: number): boolean {
  const start = findRow(ring, width, at, first);
  if (start < 0) return false;
  const stride = width + 1;
  const gap = ring[start]!;
  const last = start + stride === ring.length;
  ring.splice(start, stride);
  if (last) ring[0] = ring.length === head ? 0 : newestOf(ring) - gap;
  else ring[start] = start === head ? 0 : ring[start]! + gap;
  return true;
}

/** Where the row of exactly this time (and first column) begins; -1 when there is none. */
export function findRow(ring: Ring, width: number, at: Instant, first?: number): number {
  const stride = width + 1;
  let time = newestOf(ring);
  for (let i = ring.length - stride; i >= head && time >= at; i -= stride) {
    if (time === at && (first === undefined || ring[i + 1] === first)) return i;
    time -= ring[i]!;
  }
  return -1;
}

/** How many rows lie in (after, until]. */
export function countRows(ring: Ring, width: number, after: Instant, until: Instant): number {
  const stride = width + 1;
  let count = 0;
  let time = newestOf(ring);
  for (let i = ring.length - stride; i >= head && time > after; i -= stride) {
    if (time <= until) count++;
    time -= ring[i]!;
  }
  return count;
}

/**
 * Where the rows of (after, until] begin, newest first, and their times: appended to the two arrays. For features that look
 * at columns.
 */
export function findRows(
  ring: Ring,
  width: number,
  after: Instant,
  until: Instant,
  starts: number[],
  times: Instant[],
): void {
  const stride = width + 1;
  let time = newestOf(ring);
  for (let i = ring.length - stride; i >= head && time > after; i -= stride) {
    if (time <= until) {
      starts.push(i);
      times.push(time);
    }
    time -= ring[i]!;
  }
}

/** Did a row that this window would hold have to go? */
export const isSaturated = (ring: Ring, after: Instant): boolean => ring[1]! > after;

/** The next power of two, within what an entry of the state can hold. */
export function ringCapacity(rows: number): number {
  let capacity = 4;
  while (capacity < rows && capacity < maxRingRows) capacity *= 2;
  return capacity;
}

export const maxRingRows = 256;
