import type { Instant, TokenBuckets } from '@tocsin/core';

/** Rate limits of one process. They are not kept: a process that starts anew has full buckets. */
export class MemoryBuckets implements TokenBuckets {
  readonly #now: () => Instant;
  readonly #buckets = new Map<string, { readonly tokens: number; readonly at: Instant }>();

  constructor(now: () => Instant) {
    this.#now = now;
  }

  take(
    bucket: string,
    want: number,
    {
      perSecond,
      burst,
      reserve = 0,
    }: { readonly perSecond: number; readonly burst: number; readonly reserve?: number },
  ): Promise<{ readonly granted: number; readonly nextInMs: number }> {
    const now = this.#now();
    const before = this.#buckets.get(bucket);
    const refilled = before === undefined ? burst : before.tokens + (Math.max(0, now - before.at) * perSecond) / 1_000;
    const there = Math.min(burst, refilled);
    const granted = Math.max(0, Math.min(want, Math.floor(there - reserve)));
    const tokens = there - granted;
    this.#buckets.set(bucket, { tokens, at: now });
    const missing = reserve + 1 - tokens;
    return Promise.resolve({ granted, nextInMs: missing <= 0 ? 0 : Math.ceil((missing / perSecond) * 1_000) });
  }
}
