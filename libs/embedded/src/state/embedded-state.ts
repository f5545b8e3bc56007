import { randomBytes } from 'node:crypto';
import type { Acquired, CheckpointRequest, Instant, Position, Slot, StateStore } from '@tocsin/core';
import type { BytesTable, Store } from '../store.ts';
import type { TextTable } from '../text-table.ts';
import { SlotEntries } from './slot-entries.ts';

/** Entries that one call of `sweep` looks at. */
const sweepEntries = 2_000;

interface SlotRow {
  /** Stands for the slot in the keys of its entries. */
  readonly no: number;
  /** Empty once released. */
  readonly token: string;
  readonly version: number;
  readonly leaseUntil: Instant;
  readonly position: Position | null;
}

interface StateTables {
  readonly store: Store;
  readonly slots: TextTable<SlotRow>;
  readonly counters: TextTable<number>;
  readonly entries: BytesTable;
}

class EmbeddedSlot implements Slot {
  readonly #tables: StateTables;
  readonly #name: string;
  readonly #now: () => Instant;
  #sweepFrom: Buffer | null = null;

  constructor(tables: StateTables, name: string, now: () => Instant) {
    this.#tables = tables;
    this.#name = name;
    this.#now = now;
  }

  acquire({
    leaseMs,
    takeOver,
  }: {
    readonly leaseMs: number;
    readonly takeOver: boolean;
  }): Promise<Acquired | { readonly busyMs: number }> {
    const { store, slots } = this.#tables;
    return store.change(() => {
      const row = slots.get(this.#name) ?? this.#newRow();
      const now = this.#now();
      if (!takeOver && row.token !== '' && row.leaseUntil > now) return { busyMs: row.leaseUntil - now };
      const token = randomBytes(8).toString('hex');
      slots.put(this.#name, { ...row, token, leaseUntil: now + leaseMs });
      const { version, position } = row;
      return { token, version, position, resident: this.#entries(row).resident() };
    });
  }

  /** Inside a transaction. */
  #newRow(): SlotRow {
    const { counters } = this.#tables;
    const no = (counters.get('slots') ?? 0) + 1;
    counters.put('slots', no);
    return { no, token: '', version: 0, leaseUntil: 0, position: null };
  }

  #entries({ no }: SlotRow): SlotEntries {
    return new SlotEntries(this.#tables.entries, no);
  }

  /** The row, where token and version are those of the owner. */
  #held(token: string, version: number): SlotRow | undefined {
    const row = this.#tables.slots.get(this.#name);
    return row !== undefined && token !== '' && row.token === token && row.version === version ? row : undefined;
  }

  checkpoint(request: CheckpointRequest): Promise<number | 'fenced'> {
    const { token, version, position, entries, leaseMs, release } = request;
    let bytes = 0;
    for (const value of entries.values()) bytes += value?.length ?? 0;
    return this.#tables.store.change(() => {
      const row = this.#held(token, version);
      if (row === undefined) return 'fenced';
      const held = release === true ? { token: '', leaseUntil: 0 } : { token, leaseUntil: this.#now() + leaseMs };
      this.#tables.slots.put(this.#name, { no: row.no, ...held, version: version + 1, position });
      const stored = this.#entries(row);
      for (const [key, value] of entries) stored.set(key, value);
      return version + 1;
    }, bytes);
  }

  sweep(token: string, version: number, clockAt: Instant): Promise<number | 'fenced'> {
    return this.#tables.store.change(() => {
      const row = this.#held(token, version);
      if (row === undefined) return 'fenced';
      const { gone, next } = this.#entries(row).sweep(this.#sweepFrom, clockAt, sweepEntries);
      this.#sweepFrom = next;
      return gone;
    });
  }

  // Reading needs no waiting: within one turn of the event loop all is of one moment. A promise all the same, also for errors.
  /* eslint-disable @typescript-eslint/require-await */
  async read(
    token: string,
    version: number,
    keys: readonly string[],
  ): Promise<readonly (Uint8Array | null)[] | 'fenced'> {
    const row = this.#held(token, version);
    if (row === undefined) return 'fenced';
    const entries = this.#entries(row);
    return keys.map((key) => entries.get(key));
  }

  async peek(keys: readonly string[]): Promise<readonly (Uint8Array | null)[]> {
    const row = this.#tables.slots.get(this.#name);
    if (row === undefined) return keys.map(() => null);
    const entries = this.#entries(row);
    return keys.map((key) => entries.get(key));
  }

  async position(): Promise<Position | null> {
    return this.#tables.slots.get(this.#name)?.position ?? null;
  }
  /* eslint-enable @typescript-eslint/require-await */
}

/** The state port on the local file. */
export class EmbeddedState implements StateStore {
  readonly #tables: StateTables;
  readonly #now: () => Instant;

  constructor(store: Store, now: () => Instant) {
    this.#tables = {
      store,
      slots: store.texts('slots'),
      counters: store.texts('counters'),
      entries: store.bytes('entries'),
    };
    this.#now = now;
  }

  slot(stage: string, partition: number): Slot {
    return new EmbeddedSlot(this.#tables, `${stage}/${partition}`, this.#now);
  }

  /** A local file has no policy that could be wrong. */
  check(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async ping(): Promise<void> {
    await this.#tables.store.ping();
  }

  /** The file is closed with the whole, because the log lies in it too. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
