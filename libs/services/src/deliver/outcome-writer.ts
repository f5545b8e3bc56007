import { jobKey, keyOf, stands } from '@tocsin/core';
import type { Job, OutcomeRecord, PartitionView, Span } from '@tocsin/core';
import type { ExecutorClock } from './executor-clock.ts';
import type { ExecutorLogger } from './executor-options.ts';
import type { Pace } from './pace.ts';

const firstWaitMs = 100;
/** The fold doubts an attempt a few times, a second apart, before it counts as unknown: this must be more often. */
const longestWaitMs = 800;
/** In one append, so that what is taken again in parts finds room in parts. */
const mostAtOnce = 500;
/** More are not kept for one partition, whatever happens to its log. */
const mostKept = 2_000;

export interface OutcomeWriterOptions {
  readonly clock: ExecutorClock;
  readonly appends: Pace;
  /** After so long without success somebody should hear of it, and `settled` waits no longer. */
  readonly patienceMs: Span;
  readonly logger: ExecutorLogger;
}

/** What the last acquisition has to know: these are given up, nobody will ever hear of them. */
type Dropped = (records: readonly OutcomeRecord[]) => void;

/**
 * Appends the outcomes of one partition in the order in which they came, as many at once as have gathered while the last
 * append was under way. What became of a send must reach the log, and this process may be the only one that knows: so they
 * are kept, and tried again, until the log takes them, over every loss of the partition (a disk that is full or brokers that
 * are away make the engine throw it away and read it again). An outcome that comes late, twice, or to another owner changes
 * nothing; one whose attempt a later acquisition does not find standing is dropped.
 */
export class OutcomeWriter {
  readonly #options: OutcomeWriterOptions;
  /** The last acquisition; what was lost may still be appended to. */
  #view: PartitionView | undefined;
  #dropped: Dropped = () => {};
  #waiting: OutcomeRecord[] = [];
  #running: Promise<void> | undefined;
  #cancelWait = (): void => {};
  #giveUpAt = Infinity;
  /** Dropped since somebody last heard of it. */
  #unsaid = 0;
  #saidAt = -Infinity;

  constructor(options: OutcomeWriterOptions) {
    this.#options = options;
  }

  /** The partition was read to its end again: what does not stand there is not ours to tell, and the rest is tried now. */
  follow(view: PartitionView, dropped: Dropped): void {
    this.#view = view;
    this.#dropped = dropped;
    this.#waiting = this.#waiting.filter((record) => stands(view.get<Job>(jobKey(record.deliveryId)), record));
    this.#cancelWait();
  }

  write(outcome: OutcomeRecord): void {
    this.#waiting.push(outcome);
    if (this.#waiting.length > mostKept) this.#drop(1);
    this.#options.appends.soon(this.#start);
  }

  /** Appends what waits, once more at least, and resolves when nothing does, or when the log has taken nothing for so long. */
  async settled(patienceMs: Span = this.#options.patienceMs): Promise<void> {
    this.#giveUpAt = this.#options.clock.monotonic() + patienceMs;
    this.#cancelWait();
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
    await this.#appendSome();
    this.#running = undefined;
    if (this.#waiting.length > 0) this.#options.appends.soon(this.#start);
  }

  async #appendSome(): Promise<void> {
    const { clock, patienceMs } = this.#options;
    const since = clock.monotonic();
    let told = false;
    for (let waitMs = firstWaitMs; this.#waiting.length > 0; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      const batch = this.#waiting.slice(0, mostAtOnce);
      try {
        await this.#view!.append(batch.map((value) => ({ key: keyOf(value.tenantId, value.customerId), value })));
        const written = new Set(batch);
        this.#waiting = this.#waiting.filter((record) => !written.has(record));
        this.#sayDropped();
        return;
      } catch {
        const now = clock.monotonic();
        if (now + waitMs > this.#giveUpAt) {
          this.#drop(this.#waiting.length);
          return this.#sayDropped();
        }
        if (!told && now - since > patienceMs) {
          told = true;
          this.#say('outcomes wait for the log', this.#waiting.length);
        }
        await new Promise<void>((resolve) => {
          const cancel = clock.after(waitMs, resolve);
          this.#cancelWait = () => {
            cancel();
            resolve();
          };
        });
      }
    }
  }

  /** The oldest. The deadline will settle their attempts. Many may follow one another: the log is told once in a while. */
  #drop(count: number): void {
    const { clock, patienceMs } = this.#options;
    this.#unsaid += count;
    if (clock.monotonic() - this.#saidAt >= patienceMs) this.#sayDropped();
    this.#dropped(this.#waiting.splice(0, count));
  }

  #sayDropped(): void {
    if (this.#unsaid === 0) return;
    this.#say('outcomes could not be recorded', this.#unsaid);
    this.#unsaid = 0;
    this.#saidAt = this.#options.clock.monotonic();
  }

  #say(message: string, outcomes: number): void {
    const { stage, partition } = this.#view!;
    this.#options.logger.error(message, { stage, partition, outcomes });
  }
}
