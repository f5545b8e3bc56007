import assert from 'node:assert/strict';
import { entryHeaderBytes } from '@tocsin/core';
import type { Acquired, Slot } from '@tocsin/core';
import {
  acquire,
  contentOf,
  newStage,
  present,
  readAll,
  request,
  sameBytes,
  save,
  slots,
  storedEntry,
} from './state-harness.ts';
import type { Content, StateCase } from './state-harness.ts';

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

/** What a slot holds, and how it comes back. */
export const stateContentCases: readonly StateCase[] = [
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
      keys.forEach((key, i) => sameBytes(values[i], cold.get(key), key));
      assert.equal(present(values.at(-1)).length, entryHeaderBytes);
      const again = await acquire(slot);
      assert.deepEqual(new Set(again.resident.keys()), new Set(resident.keys()));
      for (const [key, value] of resident) sameBytes(again.resident.get(key), value, key);
    },
  },
  {
    name: 'an entry of 64 KiB is kept',
    async run(context) {
      const [slot] = slots(context);
      const big = storedEntry(new Uint8Array(64 * 1024 - entryHeaderBytes).fill(0xa5));
      const owner = await acquire(slot);
      assert.equal(await slot.checkpoint({ ...request(owner, 1), entries: new Map([['big', big]]) }), 1);
      sameBytes((await slot.peek(['big']))[0], big, 'big');
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
      const write = async (): Promise<void> => {
        try {
          for (let n = 2; n <= 60; n++) owner = await save(slot, owner, n, all(n));
        } finally {
          done = true;
        }
      };
      await Promise.all([look(), write()]);
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
      keys.forEach((key, i) => sameBytes(values[i], dead.has(key) ? null : entries.get(key), key));
      assert.equal((await save(slot, now, 2)).version, 2, 'a sweep does not move the version');
    },
  },
];
