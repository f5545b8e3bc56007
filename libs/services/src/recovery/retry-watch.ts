import type { ShortTermStore } from '@tocsin/core';
import type { PartitionStatus } from '@tocsin/engine';
import type { Logger } from '@tocsin/nest';
import { RetryRequests } from './retry-requests.ts';

/** The same refusal is not said again sooner. */
const sayAgainMs = 60_000;

export interface RetryWatchOptions {
  readonly stage: string;
  readonly store: ShortTermStore;
  readonly runner: {
    status(): readonly Pick<PartitionStatus, 'partition' | 'state'>[];
    retry(partition: number): void;
  };
  readonly logger: Logger;
  readonly now?: () => number;
}

/** The owner's side of `tocsin retry`: looks whether an operator lets a stopped partition try again. */
export class RetryWatch {
  readonly #options: RetryWatchOptions;
  readonly #requests: RetryRequests;
  readonly #now: () => number;
  #said = '';
  #saidAt = -Infinity;

  constructor(options: RetryWatchOptions) {
    this.#options = options;
    this.#requests = new RetryRequests(options.store);
    this.#now = options.now ?? (() => performance.now());
  }

  /** Never fails: a store that is away, or refuses, is asked again the next time. */
  async look(): Promise<void> {
    const { stage, runner, logger } = this.#options;
    try {
      for (const { partition, state } of runner.status()) {
        if (state !== 'stopped' || !(await this.#requests.take(stage, partition))) continue;
        logger.info('An operator lets a stopped partition try again.', { stage, partition });
        runner.retry(partition);
      }
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error));
    }
  }

  /** A request that cannot be taken lapses, and whoever asked was told that it is on its way: so somebody must hear of it. */
  #tell(reason: string): void {
    const now = this.#now();
    if (reason === this.#said && now - this.#saidAt < sayAgainMs) return;
    this.#said = reason;
    this.#saidAt = now;
    const { stage, logger } = this.#options;
    logger.warn('Whether an operator asked to try again cannot be read; "tocsin retry" has no effect meanwhile.', {
      stage,
      reason,
    });
  }
}
