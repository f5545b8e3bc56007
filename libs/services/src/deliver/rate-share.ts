import type { Span } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';
import type { ExecutorOptions } from './executor-options.ts';

/** What was taken and not used lapses then, as it would have been refilled long since. */
const spareForMs: Span = 1_000;

/**
 * Takes from what the provider account may do in a second, of which a share is kept for what is urgent. Tokens are asked for
 * while it is still being found out what may leave; those of messages that must stay serve the next ones.
 */
export class RateShare {
  readonly #options: ExecutorOptions;
  readonly #clock: ExecutorClock;
  readonly #bucket: string;
  readonly #limit: { readonly perSecond: number; readonly burst: number; readonly reserve: number };
  #spare = 0;
  #spareUntil = 0;

  constructor(options: ExecutorOptions, clock: ExecutorClock, urgentShare: number) {
    const { channel, lane } = options;
    const { perSecond } = channel.capabilities;
    const burst = Math.max(1, perSecond);
    this.#options = options;
    this.#clock = clock;
    this.#bucket = `${channel.provider.name}/${channel.provider.account}`;
    this.#limit = { perSecond, burst, reserve: lane === 'urgent' ? 0 : Math.floor(burst * urgentShare) };
  }

  /** Undefined when it is not known what may be taken. */
  async take(want: number): Promise<{ readonly granted: number; readonly nextInMs: number } | undefined> {
    const spare = this.#clock.monotonic() < this.#spareUntil ? Math.min(this.#spare, want) : 0;
    this.#spare -= spare;
    if (spare === want) return { granted: want, nextInMs: 0 };
    const { buckets, channel, metrics } = this.#options;
    try {
      const { granted, nextInMs } = await buckets.take(this.#bucket, want - spare, this.#limit);
      return { granted: granted + spare, nextInMs };
    } catch {
      metrics.count('buckets_unreadable', { channel: channel.id });
      return undefined;
    }
  }

  giveBack(count: number): void {
    if (count === 0) return;
    const now = this.#clock.monotonic();
    this.#spare = count + (now < this.#spareUntil ? this.#spare : 0);
    this.#spareUntil = now + spareForMs;
  }
}
