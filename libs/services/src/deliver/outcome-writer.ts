import { keyOf } from '@tocsin/core';
import type { OutcomeRecord, PartitionView } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';
import type { Pace } from './pace.ts';

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
  readonly #appends: Pace;
  readonly #giveUpAfterMs: number;
  readonly #failed: (records: readonly OutcomeRecord[]) => void;
  #waiting: OutcomeRecord[] = [];
  #running: Promise<void> | undefined;

  constructor(
    view: PartitionView,
    { clock, appends }: { readonly clock: ExecutorClock; readonly appends: Pace },
    giveUpAfterMs: number,
    failed: (records: readonly OutcomeRecord[]) => void,
  ) {
    this.#view = view;
    this.#clock = clock;
    this.#appends = appends;
    this.#giveUpAfterMs = giveUpAfterMs;
    this.#failed = failed;
  }

  write(outcome: OutcomeRecord): void {
    this.#waiting.push(outcome);
    this.#appends.soon(this.#start);
  }

  /** Appends what waits now, and resolves when nothing is waiting. */
  async settled(): Promise<void> {
    while (this.#waiting.length > 0 || this.#running !== undefined) {
      this.#start();
      await this.#running;
    }
  }

  readonly #start = (): boolean => {
    if (this.#waiting.length === 0 || this.#running !== undefined) return false;
    this.#running = this.#run();
    return true;
  };

  async #run(): Promise<void> {
    // What comes in the same turn goes in the same append.
    await Promise.resolve();
    const batch = this.#waiting;
    this.#waiting = [];
    await this.#append(batch);
    this.#running = undefined;
    if (this.#waiting.length > 0) this.#appends.soon(this.#start);
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
