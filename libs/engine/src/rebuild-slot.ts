import type { Acquired, Instant, Position, Slot, StateStore } from '@tocsin/core';
import { encodeEntry } from './entry-codec.ts';
import { encodeMark, markIn, recoveryKey } from './recovery-mark.ts';

export interface RebuildSlot {
  readonly stage: string;
  readonly partition: number;
  readonly state: StateStore;
  /** The first record to replay: what the log still has. */
  readonly from: number;
  /** Outputs of records below this were written before the state was lost: they are made again and not written. */
  readonly mutedBelow: number;
  /** The one that was in use: what is written again above `mutedBelow` is then recognised by its readers. */
  readonly generation: number;
  readonly leaseMs?: number;
}

/** There is a state: nothing to rebuild. */
export class SlotInUse extends Error {
  constructor() {
    super('The slot has a state: there is nothing to rebuild.');
    this.name = 'SlotInUse';
  }
}

const flushEntries = 1_000;
const flushBytes = 1024 * 1024;
/** A service that starts meanwhile takes the slot for a moment, finds the mark, and stops. */
const takeOvers = 20;

/**
 * Prepares an empty slot for a replay of its log: what is known from elsewhere is put into it first, then whoever owns the
 * partition reads the log from the beginning, muted as far as its outputs stand already. Until `finish` the slot counts as
 * empty, so a rebuilding that is broken off leaves nothing behind that a service would start on; it is begun anew.
 */
export class SlotRebuilding {
  readonly #options: RebuildSlot;
  readonly #slot: Slot;
  #acquired: Pick<Acquired, 'token' | 'version'> | undefined;
  #entries = new Map<string, Uint8Array | null>();
  #bytes = 0;

  constructor(options: RebuildSlot) {
    this.#options = options;
    this.#slot = options.state.slot(options.stage, options.partition);
  }

  /** True when so much is waiting that `flush` should be awaited. */
  get full(): boolean {
    return this.#entries.size >= flushEntries || this.#bytes >= flushBytes;
  }

  put(key: string, value: unknown, expiresAt: Instant = 0): void {
    const bytes = encodeEntry(value, expiresAt);
    this.#entries.set(key, bytes);
    this.#bytes += bytes.length;
  }

  delete(key: string): void {
    this.#entries.set(key, null);
  }

  /** @throws SlotInUse */
  async flush(): Promise<void> {
    await this.#save(false);
  }

  /** From here on services may start on it. */
  async finish(): Promise<Position> {
    return this.#save(true);
  }

  async #save(whole: boolean): Promise<Position> {
    const { from, mutedBelow, generation, leaseMs = 10_000 } = this.#options;
    const position: Position = { offset: from, fingerprint: null, generation, clockAt: 0 };
    const entries = new Map(this.#entries).set(recoveryKey, encodeMark({ mutedBelow, whole }));
    for (let attempt = 1; ; attempt++) {
      this.#acquired ??= await this.#acquire(leaseMs);
      const { token, version } = this.#acquired;
      const saved = await this.#slot.checkpoint({ token, version, position, entries, leaseMs, release: whole });
      if (saved !== 'fenced') {
        this.#acquired = { token, version: saved };
        this.#entries = new Map();
        this.#bytes = 0;
        return position;
      }
      if (attempt === takeOvers) throw new Error('Another owner keeps taking the slot: stop the stage first.');
      this.#acquired = undefined;
    }
  }

  async #acquire(leaseMs: number): Promise<Acquired> {
    const acquired = await this.#slot.acquire({ leaseMs, takeOver: true });
    if ('busyMs' in acquired) throw new Error('Another owner holds the slot.');
    if (acquired.position !== null && markIn(acquired.resident)?.whole !== false) {
      throw new SlotInUse();
    }
    return acquired;
  }
}
