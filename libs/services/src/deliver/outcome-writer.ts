import { keyOf } from '@tocsin/core';
import type { OutcomeRecord, PartitionView } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';

const firstWaitMs = 100;
const longestWaitMs = 5_000;

/**
 * Appends outcomes in the order in which they came, as many at once as have gathered while the last append was under way.
 * What became of a send must reach the log: an append that fails is repeated until the attempt has counted as unknown for
 * long. A repeated outcome changes nothing.
 */
export class OutcomeWriter {
  readonly #view: PartitionView;
  readonly #clock: ExecutorClock;
  readonly #giveUpAfterMs: number;
  readonly #failed: (records: readonly OutcomeRecord[]) => void;
  #waiting: OutcomeRecord[] = [];
  #running: Promise<void> | undefined;

  constructor(
    view: PartitionView,
    clock: ExecutorClock,
    giveUpAfterMs: number,
    failed: (records: readonly OutcomeRecord[]) => void,
  ) {
    this.#view = view;
    this.#clock = clock;
    this.#giveUpAfterMs = giveUpAfterMs;
    this.#failed = failed;
  }

  write(outcome: OutcomeRecord): void {
    this.#waiting.push(outcome);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is waiting. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // What comes in the same turn goes in the same append.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#append(batch);
    }
    this.#running = undefined;
  }

  async #append(batch: readonly OutcomeRecord[]): Promise<void> {
    const records = batch.map((value) => ({ key: keyOf(value.tenantId, value.customerId), value }));
    const since = this.#clock.monotonic();
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      try {
        await this.#view.append(records);
        return;
      } catch {
        if (this.#clock.monotonic() - since + waitMs > this.#giveUpAfterMs) return this.#failed(batch);
        await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve));
      }
    }
  }
}
