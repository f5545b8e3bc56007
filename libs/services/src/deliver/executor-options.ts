import type {
  Barriers,
  ChannelCapabilities,
  ChannelId,
  Digest,
  Lane,
  OpenChannel,
  ReasonTable,
  Span,
  TenantPolicy,
  TokenBuckets,
} from '@tocsin/core';
import type { Metrics } from '@tocsin/nest';
import type { Breaker } from './breaker.ts';
import type { ExecutorClock } from './executor-clock.ts';

/** Where counts go. */
export type MetricsSink = Pick<Metrics, 'count' | 'observe'>;

export interface ExecutorLogger {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** What the executor of one (channel, lane) works with. */
export interface ExecutorOptions {
  readonly channel: {
    readonly id: ChannelId;
    readonly capabilities: ChannelCapabilities;
    /** Who receives the content, as `Channel.provider(options)` says. */
    readonly provider: { readonly name: string; readonly account: string };
    /** Whose account that is: nobody else's customers are told anything by it. */
    readonly tenantId: string;
    /** Opened once; both lanes may share it. */
    readonly open: OpenChannel;
  };
  readonly lane: Lane;
  readonly barriers: Pick<Barriers, 'ask'>;
  readonly buckets: TokenBuckets;
  /** One for each provider account; both lanes share it. */
  readonly breaker: Breaker;
  /**
   * Resolves when what was acknowledged would outlive a power loss; attempts wait for it before they are sent. Not needed
   * where the log's acknowledgement means that already.
   */
  readonly flush?: () => Promise<void>;
  /** The tenant's policy, unless a newer one was broadcast to the partition. */
  readonly policy: (tenantId: string) => TenantPolicy;
  /** With a secret key: makes the opaque key under which a provider knows a delivery. */
  readonly keyedDigest: Digest;
  readonly reasonSentence: ReasonTable;
  readonly metrics: MetricsSink;
  readonly logger: ExecutorLogger;
  readonly clock?: ExecutorClock;
  readonly limits?: Partial<ExecutorLimits>;
}

export interface ExecutorLimits {
  /** Sends under way at once in this process, for this channel and lane. */
  readonly concurrency: number;
  /**
   * From one look for what is due to the next, and from one append of outcomes to the next: what comes meanwhile shares it.
   * What comes after a longer pause waits for nothing.
   */
  readonly restMs: Span;
  /** A call of the provider is aborted after that. */
  readonly attemptDeadlineMs: Span;
  /** An attempt that was not begun by then is let go: another owner may already act. */
  readonly beginWithinMs: Span;
  /** More waiting deliveries in a partition: it is read no further, as long as nothing of our own is still to be read. */
  readonly maxWaiting: number;
  /** The share of the provider's rate that is kept for the urgent lane. */
  readonly urgentShare: number;
  /**
   * How long a message of a priority (P0 to P3) waits for a provider, a barrier store or a rate limit that lets nothing
   * through, before it is handed back for the next channel. Null waits until it expires.
   */
  readonly patienceMs: readonly [Span | null, Span | null, Span | null, Span | null];
}

export const defaultExecutorLimits: ExecutorLimits = {
  concurrency: 64,
  restMs: 5,
  attemptDeadlineMs: 30_000,
  beginWithinMs: 2_000,
  maxWaiting: 20_000,
  urgentShare: 0.2,
  patienceMs: [30_000, 600_000, null, null],
};
