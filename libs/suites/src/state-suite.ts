import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { entryHeaderBytes } from '@tocsin/core';
import type { Acquired, CheckpointRequest, Position, Slot, Span, StateStore } from '@tocsin/core';
import type { ContractCase } from './channel-suite.ts';

/** What a state store brings along to be tested. Every case uses slots of its own, so stores can be kept between cases. */
export interface StateUnderTest {
  readonly store: StateStore;
  /** The same store as another process sees it: another client where there are clients, else the same object. */
  readonly rival: StateStore;
  /** Lets this much time pass on the clock that leases are measured by. */
  elapse(span: Span): Promise<void>;
}

type StateCase = ContractCase<StateUnderTest>;

const longLease: Span = 60_000;

const newStage = (): string => `contract-${randomUUID()}`;

const slots = ({ store, rival }: StateUnderTest): readonly [Slot, Slot] => {
  const stage = newStage();
  return [store.slot(stage, 3), rival.slot(stage, 3)];
};

/** A value as the engine writes it: a byte of format, eight of expiry, content. */
export function storedEntry(content: string | Uint8Array, expiresAt = 0): Uint8Array {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const entry = new Uint8Array(entryHeaderBytes + bytes.length);
  entry[0] = 1;
  new DataView(entry.buffer).setFloat64(1, expiresAt);
  entry.set(bytes, entryHeaderBytes);
  return entry;
}

const contentOf = (entry: Uint8Array | null | undefined): string =>
  new TextDecoder().decode(present(entry).subarray(entryHeaderBytes));

function present(entry: Uint8Array | null | undefined): Uint8Array {
  assert.ok(entry, 'an entry should be there');
  return entry;
}

const positionAt = (offset: number): Position => ({
  offset,
  fingerprint: { offset: offset - 1, timestamp: 1_767_268_800_123, crc: 0xfedcba98 },
  generation: 1,
  clockAt: 1_767_268_800_456,
});

async function acquire(slot: Slot, leaseMs = longLease): Promise<Acquired> {
  const acquired = await slot.acquire({ leaseMs, takeOver: true });
  assert.ok(!('busyMs' in acquired), 'a take-over is never refused');
  return acquired;
}

type Content = Readonly<Record<string, string | null>>;

const entriesOf = (content: Content): ReadonlyMap<string, Uint8Array | null> =>
  new Map(Object.entries(content).map(([key, value]) => [key, value === null ? null : storedEntry(value)]));

const request = (
  { token, version }: { readonly token: string; readonly version: number },
  offset: number,
  content: Content = {},
  more: Partial<CheckpointRequest> = {},
): CheckpointRequest => ({
  token,
  version,
  position: positionAt(offset),
  entries: entriesOf(content),
  leaseMs: longLease,
  ...more,
});

async function save(slot: Slot, owner: Acquired, offset: number, content: Content = {}): Promise<Acquired> {
  const version = await slot.checkpoint(request(owner, offset, content));
  assert.ok(version !== 'fenced', 'the owner should not be fenced');
  return { ...owner, version };
}

async function readAll(slot: Slot, owner: Acquired, keys: readonly string[]): Promise<readonly (Uint8Array | null)[]> {
  const values = await slot.read(owner.token, owner.version, keys);
  assert.ok(values !== 'fenced', 'the owner should not be fenced');
  return values;
}

/** Sweeps until nothing more goes for long enough that every entry must have been looked at. */
async function sweepAll(slot: Slot, owner: Acquired, clockAt: number, expected: number): Promise<number> {
  let gone = 0;
  for (let calls = 0, quiet = 0; calls < 500 && quiet < (gone < expected ? 100 : 20); calls++) {
    const some = await slot.sweep(owner.token, owner.version, clockAt);
    assert.ok(some !== 'fenced', 'the owner should not be fenced');
    gone += some;
    quiet = some === 0 ? quiet + 1 : 0;
  }
  return gone;
}

const ownership: readonly StateCase[] = [
  {
    name: 'the first acquisition finds no position, version 0 and nothing resident',
    async run(context) {
      const [slot] = slots(context);
      assert.equal(await slot.position(), null);
      const acquired = await acquire(slot);
      assert.equal(acquired.position, null);
      assert.equal(acquired.version, 0);
      assert.equal(acquired.resident.size, 0);
      assert.ok(acquired.token.length >= 8, 'a token has 64 random bits');
    },
  },
  {
    name: 'an acquisition returns the position that was saved, under a new token',
    async run(context) {
      const [slot, other] = slots(context);
      const first = await save(slot, await acquire(slot), 42);
      const second = await acquire(other);
      assert.deepEqual(second.position, positionAt(42));
      assert.equal(second.version, first.version);
      assert.notEqual(second.token, first.token);
      assert.deepEqual(await other.position(), positionAt(42));
    },
  },
  {
    name: 'a position without a fingerprint, with a high offset and a generation comes back as it was',
    async run(context) {
      const [slot] = slots(context);
      const position = { offset: 2 ** 45 + 1, fingerprint: null, generation: 7, clockAt: 0 };
      const owner = await acquire(slot);
      assert.equal(await slot.checkpoint({ ...request(owner, 1), position }), 1);
      assert.deepEqual(await slot.position(), position);
    },
  },
  {
    name: 'the second acquisition fences the first for writing, reading and sweeping',
    async run(context) {
      const [slot, other] = slots(context);
      const first = await save(slot, await acquire(slot), 10, { a: 'one' });
      const second = await acquire(other);
      assert.equal(await slot.checkpoint(request(first, 11, { a: 'two' })), 'fenced');
      assert.equal(await slot.read(first.token, first.version, ['a']), 'fenced');
      assert.equal(await slot.sweep(first.token, first.version, Number.MAX_SAFE_INTEGER), 'fenced');
      const [a] = await readAll(other, second, ['a']);
      assert.equal(contentOf(a), 'one');
      assert.deepEqual(await slot.position(), positionAt(10));
    },
  },
  {
    name: 'the same process that acquires again fences its own former acquisition',
    async run(context) {
      const [slot] = slots(context);
      const first = await acquire(slot);
      const second = await acquire(slot);
      assert.equal(await slot.checkpoint(request(first, 1)), 'fenced');
      assert.equal(await slot.checkpoint(request(second, 1)), 1);
    },
  },
  {
    name: 'a wrong token or version, and a slot that nobody acquired: fenced, nothing written',
    async run(context) {
      const [slot] = slots(context);
      const stranger = { token: 'nobody', version: 0 };
      assert.equal(await slot.checkpoint(request(stranger, 5, { a: 'x', '!r': 'x' })), 'fenced');
      assert.equal(await slot.read('nobody', 0, ['a']), 'fenced');
      assert.equal(await slot.position(), null);
      const owner = await save(slot, await acquire(slot), 6, { a: 'kept' });
      for (const wrong of [
        { token: 'nobody', version: owner.version },
        { token: '', version: owner.version },
        { token: owner.token, version: owner.version + 1 },
        { token: owner.token, version: owner.version - 1 },
      ]) {
        assert.equal(await slot.checkpoint(request(wrong, 7, { a: 'lost', b: 'lost', '!r': 'lost' })), 'fenced');
        assert.equal(await slot.read(wrong.token, wrong.version, ['a']), 'fenced');
        assert.equal(await slot.sweep(wrong.token, wrong.version, 0), 'fenced');
      }
      const [a, b, r] = await slot.peek(['a', 'b', '!r']);
      assert.equal(contentOf(a), 'kept');
      assert.deepEqual([b, r], [null, null]);
      assert.deepEqual(await slot.position(), positionAt(6));
    },
  },
  {
    name: 'the same checkpoint sent twice is fenced the second time',
    async run(context) {
      const [slot] = slots(context);
      const same = request(await acquire(slot), 9, { a: 'once' });
      assert.equal(await slot.checkpoint(same), 1);
      assert.equal(await slot.checkpoint(same), 'fenced');
    },
  },
  {
    name: 'two owners that race: the versions written form one chain',
    async run(context) {
      const [slot, other] = slots(context);
      const key = 'chain';
      let written = 0;
      const race = async (mine: Slot, rounds: number): Promise<void> => {
        for (let round = 0; round < rounds; round++) {
          await sleep(Math.random() * 4);
          let owner = await acquire(mine);
          for (let step = 0; step < 1 + Math.floor(Math.random() * 3); step++) {
            const values = await mine.read(owner.token, owner.version, [key]);
            if (values === 'fenced') break;
            const chain = values[0] ? contentOf(values[0]) : '';
            const next = owner.version + 1;
            const version = await mine.checkpoint(request(owner, next, { [key]: `${chain}${next},` }));
            if (version === 'fenced') break;
            assert.equal(version, next);
            written++;
            owner = { ...owner, version };
          }
        }
      };
      await Promise.all([race(slot, 40), race(other, 40)]);
      assert.ok(written > 20, 'the race must get somewhere');
      const expected = Array.from({ length: written }, (_, i) => `${i + 1},`).join('');
      assert.equal(contentOf((await slot.peek([key]))[0]), expected);
      assert.equal((await acquire(slot)).version, written);
    },
  },
];

const leases: readonly StateCase[] = [
  {
    name: 'a living lease keeps out who may not take over, and says for how long',
    async run(context) {
      const [slot, other] = slots(context);
      const owner = await acquire(slot, 5_000);
      const refused = await other.acquire({ leaseMs: longLease, takeOver: false });
      assert.ok('busyMs' in refused && refused.busyMs > 0 && refused.busyMs <= 5_000);
      assert.equal(await slot.checkpoint(request(owner, 1)), 1, 'the refused attempt changed nothing');
      assert.ok('token' in (await other.acquire({ leaseMs: longLease, takeOver: true })));
    },
  },
  {
    name: 'a lease expires, and a checkpoint renews it',
    async run(context) {
      const [slot, other] = slots(context);
      const attempt = (): ReturnType<Slot['acquire']> => other.acquire({ leaseMs: longLease, takeOver: false });
      const owner = await acquire(slot, 400);
      await context.elapse(250);
      assert.equal(await slot.checkpoint(request(owner, 1, {}, { leaseMs: 400 })), 1);
      await context.elapse(250);
      assert.ok('busyMs' in (await attempt()), 'renewed 250 ms ago for 400 ms');
      await context.elapse(300);
      assert.ok('token' in (await attempt()), 'not renewed for 550 ms');
    },
  },
  {
    name: 'a release lets the next one in at once and fences who gave it up',
    async run(context) {
      const [slot, other] = slots(context);
      const owner = await acquire(slot);
      const version = await slot.checkpoint(request(owner, 8, { a: 'last' }, { release: true }));
      assert.equal(version, 1);
      assert.equal(await slot.checkpoint(request({ token: owner.token, version: 1 }, 9)), 'fenced');
      assert.equal(await slot.read(owner.token, 1, ['a']), 'fenced');
      const next = await other.acquire({ leaseMs: longLease, takeOver: false });
      assert.ok('token' in next);
      assert.deepEqual(next.position, positionAt(8));
    },
  },
];

const contents: readonly StateCase[] = [
  {
    name: 'cold entries come in the order of the keys, null where there is none',
    async run(context) {
      const [slot] = slots(context);
      const owner = await save(slot, await acquire(slot), 1, { b: 'B', a: 'A', c: 'C' });
      const values = await readAll(slot, owner, ['c', 'none', 'a', 'c', 'b']);
      assert.equal(values[1], null);
      assert.deepEqual(
        [0, 2, 3, 4].map((i) => contentOf(values[i])),
        ['C', 'A', 'C', 'B'],
      );
      assert.deepEqual(await readAll(slot, owner, []), []);
    },
  },
  {
    name: 'null removes an entry, cold or resident; the others stay',
    async run(context) {
      const [slot] = slots(context);
      let owner = await save(slot, await acquire(slot), 1, { a: 'A', b: 'B', '!x': 'X', '!y': 'Y' });
      owner = await save(slot, owner, 2, { a: null, '!x': null, never: null });
      const [a, b] = await readAll(slot, owner, ['a', 'b']);
      assert.equal(a, null);
      assert.equal(contentOf(b), 'B');
      const { resident } = await acquire(slot);
      assert.deepEqual([...resident.keys()], ['!y']);
    },
  },
  {
    name: 'resident entries are handed over whole, cold ones are not',
    async run(context) {
      const [slot] = slots(context);
      const content: Record<string, string> = { cold: 'no', 'also!cold': 'no' };
      for (let i = 0; i < 3_000; i++) content[`!timer/${i}`] = `due ${i}`;
      await save(slot, await acquire(slot), 1, content);
      const { resident } = await acquire(slot);
      assert.equal(resident.size, 3_000);
      for (let i = 0; i < 3_000; i += 499) assert.equal(contentOf(resident.get(`!timer/${i}`)), `due ${i}`);
    },
  },
  {
    name: 'more than 8,000 fields in one checkpoint, set and removed',
    async run(context) {
      const [slot] = slots(context);
      const keys = Array.from({ length: 40_000 }, (_, i) => `account/${i}`);
      let owner = await acquire(slot);
      owner = await save(slot, owner, 1, Object.fromEntries(keys.map((key) => [key, key])));
      const values = await readAll(slot, owner, keys);
      assert.ok(values.every((value, i) => contentOf(value) === keys[i]));
      owner = await save(slot, owner, 2, Object.fromEntries(keys.slice(0, 20_000).map((key) => [key, null])));
      const left = await readAll(slot, owner, keys);
      assert.equal(left.filter((value) => value === null).length, 20_000);
    },
  },
  {
    name: 'values are bytes, keys are any text',
    async run(context) {
      const [slot] = slots(context);
      const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
      const keys = [
        '',
        ' ',
        '0',
        '__proto__',
        'tenant:account:with:colons',
        'line\nbreak\r\n$5\r\nhello',
        'nul\u0000inside',
        '\u0001\u0002\u0003\u0004',
        '{brace}}{',
        'ключ 鍵 🔑 é',
        '"quoted\' \\',
        'x'.repeat(1_900),
        'long and nul \u0000 '.repeat(20),
        'ü'.repeat(3_000),
      ];
      const cold = new Map(keys.map((key, i) => [key, storedEntry(Uint8Array.from([...everyByte, i]))]));
      const resident = new Map(keys.map((key, i) => [`!${key}`, storedEntry(Uint8Array.from([i, ...everyByte]))]));
      const owner = await acquire(slot);
      const entries = new Map([...cold, ...resident, ['empty', storedEntry('')]]);
      assert.equal(await slot.checkpoint({ ...request(owner, 1), entries }), 1);
      const values = await readAll(slot, { ...owner, version: 1 }, [...keys, 'empty']);
      keys.forEach((key, i) =>
        assert.deepEqual(Uint8Array.from(present(values[i])), cold.get(key), JSON.stringify(key)),
      );
      assert.equal(present(values.at(-1)).length, entryHeaderBytes);
      const again = await acquire(slot);
      assert.deepEqual(new Set(again.resident.keys()), new Set(resident.keys()));
      for (const [key, value] of resident) assert.deepEqual(Uint8Array.from(present(again.resident.get(key))), value);
    },
  },
  {
    name: 'an entry of 64 KiB is kept',
    async run(context) {
      const [slot] = slots(context);
      const big = storedEntry(new Uint8Array(64 * 1024 - entryHeaderBytes).fill(0xa5));
      const owner = await acquire(slot);
      assert.equal(await slot.checkpoint({ ...request(owner, 1), entries: new Map([['big', big]]) }), 1);
      assert.deepEqual(Uint8Array.from(present((await slot.peek(['big']))[0])), big);
    },
  },
  {
    name: 'slots are apart by stage and by partition',
    async run(context) {
      const { store } = context;
      const [one, two] = [newStage(), newStage()];
      const all = [store.slot(one, 0), store.slot(one, 1), store.slot(one, 10), store.slot(two, 0)];
      for (const [i, slot] of all.entries())
        await save(slot, await acquire(slot), i + 1, { same: `slot ${i}`, '!same': `${i}` });
      for (const [i, slot] of all.entries()) {
        assert.equal(contentOf((await slot.peek(['same']))[0]), `slot ${i}`);
        const { resident, position } = await acquire(slot);
        assert.deepEqual([...resident.keys()], ['!same']);
        assert.equal(position?.offset, i + 1);
      }
    },
  },
  {
    name: 'position and entries are seen together or not at all',
    async run(context) {
      const [slot, other] = slots(context);
      const keys = ['a', 'b', 'c', '!r', ...Array.from({ length: 60 }, (_, i) => `k${i}`)];
      const all = (n: number): Content => Object.fromEntries(keys.map((key) => [key, String(n)]));
      let owner = await save(slot, await acquire(slot), 1, all(1));
      let done = false;
      let looks = 0;
      const look = async (): Promise<void> => {
        while (!done) {
          const seen = new Set((await other.peek(keys)).map(contentOf));
          assert.equal(seen.size, 1, `torn: ${[...seen].join(' ')}`);
          looks++;
          // Leaves the event loop to the writer: a store that answers at once would otherwise never let it run.
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const looking = look();
      for (let n = 2; n <= 60; n++) owner = await save(slot, owner, n, all(n));
      done = true;
      await looking;
      assert.ok(looks > 0);
      const { position, resident } = await acquire(other);
      assert.equal(position?.offset, 60);
      assert.equal(contentOf(resident.get('!r')), '60');
    },
  },
  {
    name: 'peek and position need no token and change nothing',
    async run(context) {
      const [slot, other] = slots(context);
      assert.deepEqual(await other.peek(['a', '!r']), [null, null]);
      const owner = await save(slot, await acquire(slot), 4, { a: 'A', '!r': 'R' });
      assert.deepEqual((await other.peek(['!r', 'a'])).map(contentOf), ['R', 'A']);
      assert.deepEqual(await other.peek([]), []);
      assert.equal((await other.position())?.offset, 4);
      assert.equal((await save(slot, owner, 5)).version, owner.version + 1);
    },
  },
];

const sweeping: readonly StateCase[] = [
  {
    name: 'sweep removes what has expired and nothing else',
    async run(context) {
      const [slot] = slots(context);
      const clockAt = 1_767_300_000_000;
      const entries = new Map<string, Uint8Array>();
      const gone: string[] = [];
      for (let i = 0; i < 1_500; i++) {
        const key = `${i % 10 === 0 ? '!' : ''}entry/${i}`;
        const kind = i % 4;
        const expiresAt = kind === 0 ? 0 : kind === 1 ? clockAt : kind === 2 ? clockAt + 1 : clockAt - i * 86_400_000;
        if (kind === 1 || kind === 3) gone.push(key);
        entries.set(key, storedEntry(`value ${i}`, expiresAt));
      }
      const owner = await acquire(slot);
      assert.equal(await slot.checkpoint({ ...request(owner, 1), entries }), 1);
      const now = { ...owner, version: 1 };
      assert.equal(await sweepAll(slot, now, clockAt, gone.length), gone.length);
      const keys = [...entries.keys()];
      const values = await slot.peek(keys);
      const dead = new Set(gone);
      keys.forEach((key, i) =>
        assert.deepEqual(values[i] && Uint8Array.from(values[i]), dead.has(key) ? null : entries.get(key), key),
      );
      assert.equal((await save(slot, now, 2)).version, 2, 'a sweep does not move the version');
    },
  },
];

const store: readonly StateCase[] = [
  {
    name: 'a fit store answers and has nothing to complain about',
    async run(context) {
      await context.store.ping();
      assert.deepEqual(await context.store.check(), []);
    },
  },
];

/** The contract of the state port. Each case makes slots of its own in the store that it is given. */
export const stateCases: readonly StateCase[] = [...ownership, ...leases, ...contents, ...sweeping, ...store];
