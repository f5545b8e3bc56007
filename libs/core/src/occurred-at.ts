import type { Instant } from './time.ts';

/** A moment, or a day of which the hour is not known; a day counts as its midnight in UTC. */
export interface Occurred {
  readonly at: Instant;
  readonly precision: 'instant' | 'date';
}

/** RFC 3339: date, or date and time with an offset. A blank instead of T and a time without a zone are refused. */
const shape =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,12}))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2})))?$/;

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** Does the calendar have this day? 2026-02-30 matches every pattern and exists in none. */
const exists = (year: number, month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= monthLengths[month - 1]! + (month === 2 && isLeap(year) ? 1 : 0);

/**
 * When something happened, as a bank writes it. Fractions of a millisecond are cut off. Years before 1970 are refused: in
 * practice they are an unset field (`0001-01-01T00:00:00Z`), never a payment.
 */
export function parseOccurredAt(text: string): Occurred | 'TIME_INVALID' {
  const match = shape.exec(text);
  if (match === null) return 'TIME_INVALID';
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (year < 1970 || !exists(year, month, day)) return 'TIME_INVALID';
  const midnight = Date.UTC(year, month - 1, day);
  if (match[4] === undefined) return { at: midnight, precision: 'date' };
  const hour = Number(match[4]);
  const minute = Number(match[5]);
  const second = Number(match[6]);
  if (hour > 23 || minute > 59 || second > 60) return 'TIME_INVALID';
  let at = midnight + hour * 3_600_000 + minute * 60_000 + second * 1_000;
  if (match[7] !== undefined) at += Number(match[7].slice(0, 3).padEnd(3, '0'));
  if (match[8] !== undefined) {
    const hours = Number(match[9]);
    const minutes = Number(match[10]);
    if (hours > 23 || minutes > 59) return 'TIME_INVALID';
    const offset = hours * 3_600_000 + minutes * 60_000;
    at += match[8] === '+' ? -offset : offset;
  }
  // A leap second exists only at the very end of a day in UTC; it becomes the first second of the next day.
  if (second === 60 && at % 86_400_000 >= 1_000) return 'TIME_INVALID';
  return at < 0 ? 'TIME_INVALID' : { at, precision: 'instant' };
}

/** An existing day, `YYYY-MM-DD`, from 1900 on. */
export function isIsoDate(text: string): boolean {
  const match = shape.exec(text);
  if (match === null || match[4] !== undefined) return false;
  return Number(match[1]) >= 1900 && exists(Number(match[1]), Number(match[2]), Number(match[3]));
}
