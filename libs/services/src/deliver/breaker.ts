import { minutes, seconds } from '@tocsin/core';
import type { Lane, Outcome, Span } from '@tocsin/core';

export interface BreakerLimits {
  /** Outcomes older than that are forgotten. */
  readonly windowMs: Span;
  /** With fewer outcomes in the window nothing is concluded. */
  readonly leastOutcomes: number;
  /** The share of failures that opens it. */
  readonly failureShare: number;
  /** First pause; doubles with every failed probe up to `longestMs`. */
  readonly pauseMs: Span;
  readonly longestMs: Span;
  /** An urgent message is the probe only when no other came for so long. */
  readonly urgentProbeAfterMs: Span;
}

export const defaultBreakerLimits: BreakerLimits = {
  windowMs: seconds(60),
  leastOutcomes: 20,
  failureShare: 0.5,
  pauseMs: seconds(10),
  longestMs: minutes(5),
  urgentProbeAfterMs: seconds(1),
};

/** `probe`: one message may go, to find out. */
export type BreakerAnswer =
  { readonly kind: 'closed' } | { readonly kind: 'probe' } | { readonly kind: 'open'; readonly forMs: Span };

/** `probing`: open, and one message is under way to find out. */
export type BreakerState = 'closed' | 'open' | 'probing';

interface Pause {
  readonly until: number;
  readonly span: Span;
  probing: boolean;
}

/**
 * Keeps messages from a provider account that fails, so that they can take another channel instead of failing one by one.
 * One for each provider account, shared by both lanes and all partitions of a process. Times are monotonic milliseconds.
 */
export class Breaker {
  readonly #limits: BreakerLimits;
  /** Outcomes by the second, so that a busy channel costs no more than an idle one. */
  #seconds = new Map<number, { all: number; failed: number }>();
  #pause: Pause | undefined;

  constructor(limits: Partial<BreakerLimits> = {}) {
    this.#limits = { ...defaultBreakerLimits, ...limits };
  }

  get open(): boolean {
    return this.#pause !== undefined;
  }

  get state(): BreakerState {
    if (this.#pause === undefined) return 'closed';
    return this.#pause.probing ? 'probing' : 'open';
  }

  /** May a message leave? Asking for a probe takes it: whoever got it reports by `record` or `release`. */
  ask(lane: Lane, now: number): BreakerAnswer {
    const pause = this.#pause;
    if (pause === undefined) return { kind: 'closed' };
    const from = pause.until + (lane === 'urgent' ? this.#limits.urgentProbeAfterMs : 0);
    if (pause.probing) return { kind: 'open', forMs: Math.max(from - now, this.#limits.urgentProbeAfterMs) };
    if (now < from) return { kind: 'open', forMs: from - now };
    pause.probing = true;
    return { kind: 'probe' };
  }

  /** The probe was not sent after all. */
  release(): void {
    if (this.#pause !== undefined) this.#pause.probing = false;
  }

  record(outcome: Outcome, now: number): void {
    const broken = outcome.kind === 'retry' && outcome.scope === 'channel';
    const failed = broken || outcome.kind === 'unknown' || (outcome.kind === 'retry' && outcome.scope === 'message');
    const pause = this.#pause;
    if (pause !== undefined) {
      // What was under way when it opened says nothing new, unless it succeeds or is the probe.
      if (!failed) this.#close();
      else if (pause.probing) this.#openFor(pauseAfter(outcome, Math.min(pause.span * 2, this.#limits.longestMs)), now);
      return;
    }
    const { windowMs, leastOutcomes, failureShare, pauseMs } = this.#limits;
    const second = Math.floor(now / 1_000);
    const current = this.#seconds.get(second) ?? { all: 0, failed: 0 };
    this.#seconds.set(second, { all: current.all + 1, failed: current.failed + (failed ? 1 : 0) });
    let all = 0;
    let failures = 0;
    for (const [at, counts] of this.#seconds) {
      if (at <= second - windowMs / 1_000) this.#seconds.delete(at);
      else {
        all += counts.all;
        failures += counts.failed;
      }
    }
    const failing = all >= leastOutcomes && failures / all >= failureShare;
    if (broken || failing) this.#openFor(pauseAfter(outcome, pauseMs), now);
  }

  #openFor(span: Span, now: number): void {
    this.#pause = { until: now + span, span, probing: false };
    this.#seconds.clear();
  }

  #close(): void {
    this.#pause = undefined;
    this.#seconds.clear();
  }
}

/** A provider that says when to come back is believed. */
const pauseAfter = (outcome: Outcome, planned: Span): Span =>
  outcome.kind === 'retry' && outcome.scope === 'channel' ? Math.max(planned, outcome.afterMs ?? 0) : planned;
