import type { Entries } from '../stage.ts';

/*
 * Contacts and barriers are compared by where in `customer-events` the record stands that made them. Offsets begin anew
 * when the topic is created anew; then an operator who accepts the new log writes down, in the partition's own state, how
 * far the logs before it went, and that is added: so whatever is later is also greater.
 */

/** Entry of a partition of `alert`: what the offsets of its log are counted on from. */
export const offsetBaseEntry = '!offset-base';

export const sourcePlace = (entries: Pick<Entries, 'get'>, offset: number): number =>
  (entries.get<number>(offsetBaseEntry) ?? 0) + offset;

/** What a log that begins anew is counted on from, when the one before was read up to `offset`. */
export const nextOffsetBase = (base: number, offset: number, newStart: number): number =>
  base + Math.max(0, offset - newStart);
