import type { Digest } from '../ports/digest.ts';
import type { Lane } from '../records/delivery.ts';
import { hours, minutes, seconds } from '../time.ts';
import type { Span } from '../time.ts';

/** When what was certainly not sent is tried again. */
export interface RetrySchedule {
  /** Before the second try, the third … ; after the last one the next channel is asked. */
  readonly delaysMs: readonly Span[];
  /** A provider that asks for more patience than that is given up at once, so that another channel can tell. */
  readonly longestMs: Span;
}

/** What is urgent takes the next channel after about a minute. */
export const defaultRetries: Readonly<Record<Lane, RetrySchedule>> = {
  urgent: { delaysMs: [1, 2, 5, 10, 15, 30].map(seconds), longestMs: seconds(60) },
  routine: {
    delaysMs: [seconds(5), seconds(30), minutes(2), minutes(10), minutes(30), hours(1), hours(2)],
    longestMs: hours(4),
  },
};

/** Of what was let go before the first byte: nothing was lost by it, so it costs no try. */
export const letGoDelayMs: Span = seconds(1);

/** Spread over a quarter, so that what failed together does not come back together; from a hash, so that it replays. */
const jitter = (digest: Digest, seed: string): number => Number.parseInt(digest(seed).slice(0, 8), 16) / 2 ** 32 / 4;

/**
 * The wait before try `retry` (1 is the first repetition), never shorter than the provider demanded; undefined when the
 * schedule is used up.
 */
export function retryDelay(
  { delaysMs, longestMs }: RetrySchedule,
  retry: number,
  afterMs: Span | undefined,
  seed: string,
  digest: Digest,
): Span | undefined {
  const planned = delaysMs[retry - 1];
  if (planned === undefined) return undefined;
  const delay = Math.max(planned, afterMs ?? 0);
  return delay > longestMs ? undefined : Math.round(delay * (1 + jitter(digest, seed)));
}
