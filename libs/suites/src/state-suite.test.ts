import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Position, Slot, StateStore } from '@tocsin/core';
import { SimulatedStateStore } from '@tocsin/engine';
import { stateCases, stateFallBackCases } from './state-suite.ts';

/** The ways in which a store can be wrong, one at a time; the suite must notice each. */
type Fault =
  | 'reads unfenced'
  | 'sweeps unfenced'
  | 'ignores the version'
  | 'ignores the token'
  | 'keeps the token at a take-over'
  | 'saves entries although fenced'
  | 'saves entries before the position'
  | 'forgets the position at an acquisition'
  | 'refuses no one'
  | 'never lets a lease expire'
  | 'renews no lease'
  | 'keeps the lease at a release'
  | 'loses entries beyond 8,000'
  | 'mixes partitions'
  | 'takes values for text'
  | 'sweeps what expires next'
  | 'sweeps what never expires'
  | 'hands over cold entries too'
  | 'does not remove'
  | 'complains'
  | 'counts its tokens'
  | 'falls back without its versions'
  | 'falls back without its entries';

interface Row {
  token: string;
  version: number;
  leaseUntil: number;
  position: Position | null;
  readonly entries: Map<string, Uint8Array>;
}

interface Copied extends StateStore {
  copyAway(): () => void;
}

/** The state port in memory: right, but for the fault it is told to have. */
function memoryStore(fault: Fault | undefined, now: () => number): Copied {
  const rows = new Map<string, Row>();
  const nameless = (): Row => ({ token: '', version: 0, leaseUntil: 0, position: null, entries: new Map() });
  const has = (one: Fault): boolean => fault === one;
  const slot = (stage: string, partition: number): Slot => {
    const name = has('mixes partitions') ? stage : `${stage}/${partition}`;
    const row = rows.get(name) ?? nameless();
    rows.set(name, row);
    const holds = (token: string, version: number): boolean =>
      (has('ignores the token') || (token !== '' && row.token === token)) &&
      (has('ignores the version') || row.version === version);
    const get = (key: string): Uint8Array | null => row.entries.get(key)?.slice() ?? null;
    return {
      async acquire({ leaseMs, takeOver }) {
        await Promise.resolve();
        const left = has('never lets a lease expire') ? leaseMs : row.leaseUntil - now();
        if (!takeOver && row.leaseUntil > 0 && left > 0 && !has('refuses no one')) return { busyMs: left };
        if (has('counts its tokens')) row.token = String(Number(row.token) + 1).padStart(16, '0');
        else if (!has('keeps the token at a take-over') || row.token === '') row.token = randomBytes(8).toString('hex');
        row.leaseUntil = now() + leaseMs;
        const resident = [...row.entries].filter(([key]) => key.startsWith('!') || has('hands over cold entries too'));
        const position = has('forgets the position at an acquisition') ? null : row.position;
        return { token: row.token, version: row.version, position, resident: new Map(resident) };
      },
      async checkpoint({ token, version, position, entries, leaseMs, release }) {
        await Promise.resolve();
        const held = holds(token, version);
        if (!held && !has('saves entries although fenced')) return 'fenced';
        let count = 0;
        for (const [key, value] of entries) {
          if (has('loses entries beyond 8,000') && count++ >= 8_000) break;
          if (value !== null)
            row.entries.set(
              key,
              has('takes values for text') ? Buffer.from(Buffer.from(value).toString()) : value.slice(),
            );
          else if (!has('does not remove')) row.entries.delete(key);
          if (has('saves entries before the position') && count++ % 8 === 0) await new Promise(setImmediate);
        }
        if (!held) return 'fenced';
        row.position = position;
        row.version = version + 1;
        if (release === true && !has('keeps the lease at a release')) Object.assign(row, { token: '', leaseUntil: 0 });
        else if (!has('renews no lease')) row.leaseUntil = now() + leaseMs;
        return row.version;
      },
      async read(token, version, keys) {
        await Promise.resolve();
        return holds(token, version) || has('reads unfenced') ? keys.map(get) : 'fenced';
      },
      async sweep(token, version, clockAt) {
        await Promise.resolve();
        if (!holds(token, version) && !has('sweeps unfenced')) return 'fenced';
        let gone = 0;
        for (const [key, value] of row.entries) {
          const expiresAt = Buffer.from(value).readDoubleBE(1);
          const never = expiresAt === 0 && !has('sweeps what never expires');
          if (never || expiresAt > clockAt + (has('sweeps what expires next') ? 1 : 0)) continue;
          row.entries.delete(key);
          gone++;
        }
        return gone;
      },
      peek: (keys) => Promise.resolve(keys.map(get)),
      position: () => Promise.resolve(row.position),
    };
  };
  return {
    slot,
    copyAway() {
      const copy = new Map([...rows].map(([name, row]) => [name, { ...row, entries: new Map(row.entries) }]));
      return () => {
        for (const [name, row] of rows) {
          const { token, version, leaseUntil, position, entries } = copy.get(name) ?? nameless();
          Object.assign(row, { token, leaseUntil, position });
          if (!has('falls back without its versions')) row.version = version;
          if (has('falls back without its entries')) continue;
          row.entries.clear();
          for (const [key, value] of entries) row.entries.set(key, value);
        }
      };
    },
    check: () => Promise.resolve(has('complains') ? ['Something is wrong.'] : []),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** Names of the cases that a store fails. */
async function failing(make: (now: () => number) => Copied): Promise<readonly string[]> {
  let now = 0;
  const store = make(() => now);
  const copyAway = () => {
    const fallBack = store.copyAway();
    return Promise.resolve(() => Promise.resolve(fallBack()));
  };
  const elapse = (span: number): Promise<void> => {
    now += span;
    return Promise.resolve();
  };
  const failed: string[] = [];
  for (const { name, run } of [...stateCases, ...stateFallBackCases]) {
    try {
      await run({ store, rival: store, elapse, copyAway });
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

const faults: readonly Fault[] = [
  'reads unfenced',
  'sweeps unfenced',
  'ignores the version',
  'ignores the token',
  'keeps the token at a take-over',
  'saves entries although fenced',
  'saves entries before the position',
  'forgets the position at an acquisition',
  'refuses no one',
  'never lets a lease expire',
  'renews no lease',
  'keeps the lease at a release',
  'loses entries beyond 8,000',
  'mixes partitions',
  'takes values for text',
  'sweeps what expires next',
  'sweeps what never expires',
  'hands over cold entries too',
  'does not remove',
  'complains',
  'counts its tokens',
  'falls back without its versions',
  'falls back without its entries',
];

describe('the contract suite of the state port', () => {
  it('lets a store pass that keeps the contract', async () => {
    expect(await failing((now) => memoryStore(undefined, now))).toEqual([]);
  });

  it('lets the store of the simulation pass', async () => {
    const simulated = (now: () => number): Copied => {
      const store = new SimulatedStateStore({ now });
      return Object.assign(store, {
        copyAway: () => {
          const snapshot = store.snapshot();
          return () => store.restore(snapshot);
        },
      });
    };
    expect(await failing(simulated)).toEqual([]);
  });

  it.each(faults)('notices a store that %s', async (fault) => {
    expect(await failing((now) => memoryStore(fault, now))).not.toEqual([]);
  });
});
