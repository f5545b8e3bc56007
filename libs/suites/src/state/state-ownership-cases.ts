import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Slot } from '@tocsin/core';
import { acquire, contentOf, longLease, positionAt, readAll, request, save, slots } from './state-harness.ts';
import type { StateCase } from './state-harness.ts';

/** Who owns a slot, and for how long. */
export const stateOwnershipCases: readonly StateCase[] = [
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
