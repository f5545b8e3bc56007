import { Server } from '@nestjs/microservices';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { BaseRpcContext } from '@nestjs/microservices';
import type { Log, PartitionBatch, SubscribeOptions, Subscriber, Subscription } from '@tocsin/core';
import { lastValueFrom } from 'rxjs';

/** One subscription of a service: what to read, and who is told about partitions. */
export interface Feed {
  /** The message pattern of the Nest handler that takes the batches. */
  readonly pattern: string;
  readonly options: SubscribeOptions;
  /** Where it reads, when that is not the transport's own log. */
  readonly log?: Log;
  readonly subscriber: Subscriber;
  /** Looks whether it can run at all (topics as configured); awaited before subscribing, and again when it failed. */
  prepare(): Promise<void>;
  /** Told once the subscription stands, before anything is delivered. */
  started(subscription: Subscription): void;
  /** Finishes, checkpoints and gives its partitions up. */
  stop(): Promise<void>;
}

/** What a handler may know besides the batches. */
export class LogContext extends BaseRpcContext<[Feed]> {
  get feed(): Feed {
    return this.getArgByIndex(0) as Feed;
  }
}

type Handler = (batches: readonly PartitionBatch[], context: LogContext) => Promise<unknown>;

/**
 * Nest's transport for a log: hands whole batches, not single records, to the handler registered for the feed's pattern
 * (`@EventPattern('detect')`), and waits for it before the next batch of the same partition. Offsets, checkpoints and
 * outputs are the engine's; this strategy only carries.
 */
export class LogTransport extends Server implements CustomTransportStrategy {
  readonly #log: Log;
  readonly #feeds: readonly Feed[];
  readonly #retryMs: number;
  readonly #subscriptions: Subscription[] = [];
  #closed = false;
  #waiting: (() => void) | undefined;
  #starting: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly log: Log;
    readonly feeds: readonly Feed[];
    readonly retryMs?: number;
    /** Told when subscribing fails, for instance because the broker is away; it is tried again. */
    readonly failed?: (feed: Feed, error: unknown) => void;
  }) {
    super();
    this.#log = options.log;
    this.#feeds = options.feeds;
    this.#retryMs = options.retryMs ?? 1_000;
    this.#failed = options.failed ?? (() => {});
  }

  readonly #failed: (feed: Feed, error: unknown) => void;

  /** Returns at once: a broker that is away delays reading, not the start of health and metrics. */
  listen(callback: () => void): void {
    this.#starting = Promise.all(this.#feeds.map((feed) => this.#subscribe(feed))).then(() => {});
    callback();
  }

  async #subscribe(feed: Feed): Promise<void> {
    const handler = this.getHandlerByPattern(feed.pattern) as Handler | null;
    if (handler === null) throw new Error(`No handler is registered for "${feed.pattern}".`);
    const context = new LogContext([feed]);
    const subscriber: Subscriber = {
      assigned: (partitions) => feed.subscriber.assigned(partitions),
      revoked: (partitions) => feed.subscriber.revoked(partitions),
      failed: (partition, error) => feed.subscriber.failed(partition, error),
      batch: async (batches) => {
        const result = await handler(batches, context);
        // Nest wraps a handler's promise into an observable.
        if (result !== undefined) await lastValueFrom(this.transformToObservable(result), { defaultValue: undefined });
      },
    };
    while (!this.#closed) {
      try {
        await feed.prepare();
        const subscription = await (feed.log ?? this.#log).subscribe(feed.options, subscriber);
        this.#subscriptions.push(subscription);
        feed.started(subscription);
        return;
      } catch (error) {
        this.#failed(feed, error);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, this.#retryMs);
          this.#waiting = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
  }

  /** Drains: every feed finishes what it has, checkpoints and releases; then the group is left. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting?.();
    await this.#starting.catch(() => {});
    await Promise.all(this.#feeds.map((feed) => feed.stop()));
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
  }

  override on(): never {
    throw new Error('The log transport has no events of its own; see health and metrics.');
  }

  override unwrap<T>(): T {
    return this.#log as T;
  }
}
