import { entryHeaderBytes } from '@tocsin/core';
import type { Acquired, CheckpointRequest, Instant, Position, Slot, StateStore } from '@tocsin/core';
import { isResident } from '../entry-table.ts';
import { entryExpiry } from '../entry-codec.ts';

interface SlotState {
  readonly token: string;
  readonly version: number;
  readonly position: Position | null;
  readonly leaseUntil: Instant;
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

/** A moment of the whole store, to be restored as an old snapshot would be. */
export type StoreSnapshot = ReadonlyMap<string, SlotState>;

const nothing: SlotState = { token: '', version: 0, position: null, leaseUntil: 0, entries: new Map() };

/** A state store in memory that honours the port, fencing and leases included, and that can fall back in time. */
export class SimulatedStateStore implements StateStore {
  readonly #clock: { now(): Instant };
  #slots = new Map<string, SlotState>();
  #tokens = 0;

  constructor(clock: { now(): Instant }) {
    this.#clock = clock;
  }

  snapshot(): StoreSnapshot {
    return new Map(this.#slots);
  }

  /** What was written since is gone; tokens go on, because they are random. */
  restore(snapshot: StoreSnapshot): void {
    this.#slots = new Map(snapshot);
  }

  /** The entries of a slot as they stand, for assertions. */
  entries(stage: string, partition: number): ReadonlyMap<string, Uint8Array> {
    return (this.#slots.get(`${stage}:${partition}`) ?? nothing).entries;
  }

  slot(stage: string, partition: number): Slot {
    const name = `${stage}:${partition}`;
    const get = (): SlotState => this.#slots.get(name) ?? nothing;
    const set = (state: SlotState): void => void this.#slots.set(name, state);
    const owns = (token: string, version: number): boolean => get().token === token && get().version === version;
    return {
      acquire: ({ leaseMs, takeOver }) => {
        const state = get();
        const now = this.#clock.now();
        if (!takeOver && state.leaseUntil > now) return Promise.resolve({ busyMs: state.leaseUntil - now });
        const token = `simulated-token-${this.#tokens++}`;
        set({ ...state, token, leaseUntil: now + leaseMs });
        const resident = new Map([...state.entries].filter(([key]) => isResident(key)));
        const acquired: Acquired = { token, version: state.version, position: state.position, resident };
        return Promise.resolve(acquired);
      },
      checkpoint: (request) => {
        if (!owns(request.token, request.version)) return Promise.resolve('fenced');
        const state = written(get(), request, this.#clock.now());
        set(state);
        return Promise.resolve(state.version);
      },
      read: (token, version, keys) => {
        if (!owns(token, version)) return Promise.resolve('fenced');
        const { entries } = get();
        return Promise.resolve(keys.map((key) => entries.get(key) ?? null));
      },
      sweep: (token, version, clockAt) => {
        if (!owns(token, version)) return Promise.resolve('fenced');
        const state = get();
        const kept = new Map([...state.entries].filter(([, bytes]) => !hasExpired(bytes, clockAt)));
        set({ ...state, entries: kept });
        return Promise.resolve(state.entries.size - kept.size);
      },
      peek: (keys) => Promise.resolve(keys.map((key) => get().entries.get(key) ?? null)),
      position: () => Promise.resolve(get().position),
    };
  }

  check(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function hasExpired(bytes: Uint8Array, clockAt: Instant): boolean {
  if (bytes.length < entryHeaderBytes) return false;
  const expiresAt = entryExpiry(bytes);
  return expiresAt !== 0 && expiresAt <= clockAt;
}

function written(state: SlotState, request: CheckpointRequest, now: Instant): SlotState {
  const entries = new Map(state.entries);
  for (const [key, bytes] of request.entries) {
    if (bytes === null) entries.delete(key);
    else entries.set(key, Uint8Array.from(bytes));
  }
  return {
    token: request.release === true ? '' : state.token,
    version: state.version + 1,
    position: request.position,
    leaseUntil: request.release === true ? 0 : now + request.leaseMs,
    entries,
  };
}
