import assert from 'node:assert/strict';
import type { Acquired, Slot } from '@tocsin/core';
import type { ContractCase } from '../channel-suite.ts';
import { acquire, contentOf, longLease, positionAt, readAll, request, save, slots } from './state-harness.ts';
import type { StateUnderTest } from './state-harness.ts';

/** A store of which an older copy can be put in its place: a fail-over to a replica that lags, a snapshot that is restored. */
export interface StateThatFallsBack extends StateUnderTest {
  /** Copies all of it away. What it resolves to puts the copy in the store's place, and resolves once the store answers. */
  copyAway(): Promise<() => Promise<void>>;
}

const keys = Array.from({ length: 200 }, (_, i) => `${i % 2 === 0 ? '!' : ''}entry/${i}`);

/** Every entry says at which offset it was written. */
const written = (offset: number) => Object.fromEntries(keys.map((key) => [key, String(offset)]));

/** Position and all entries are those that were saved at this offset. */
async function standsAt(slot: Slot, offset: number): Promise<void> {
  assert.deepEqual(await slot.position(), positionAt(offset));
  const seen = new Set((await slot.peek(keys)).map(contentOf));
  assert.deepEqual([...seen], [String(offset)]);
}

async function isFenced(slot: Slot, owner: Acquired): Promise<void> {
  assert.equal(await slot.checkpoint(request(owner, 99, written(99))), 'fenced');
  assert.equal(await slot.read(owner.token, owner.version, ['entry/1']), 'fenced');
  assert.equal(await slot.sweep(owner.token, owner.version, Number.MAX_SAFE_INTEGER), 'fenced');
}

/** What a store must do that may fall back in time; `stateCases` say the rest. */
export const stateFallBackCases: readonly ContractCase<StateThatFallsBack>[] = [
  {
    name: 'an older copy is of one moment, and nobody goes on from a state that is no more',
    async run(context) {
      const [slot, other] = slots(context);
      const atCopy = await save(slot, await acquire(slot), 1, written(1));
      const fallBack = await context.copyAway();
      // The owner goes on for a checkpoint; then a new one takes over and goes on too.
      const old = await save(slot, atCopy, 2, written(2));
      const later = await save(other, await acquire(other), 3, written(3));
      await fallBack();
      await standsAt(slot, 1);
      for (const owner of [old, later]) await isFenced(slot, owner);
      await standsAt(slot, 1);
      const next = await acquire(slot);
      assert.equal(next.version, atCopy.version);
      assert.deepEqual(next.position, positionAt(1));
      assert.deepEqual([...next.resident.keys()].sort(), keys.filter((key) => key.startsWith('!')).sort());
      // Both versions exist again, under another token: that is why a token is no counter.
      let owner = next;
      for (const former of [old, later]) {
        owner = await save(slot, owner, former.version, written(former.version));
        assert.equal(owner.version, former.version);
        await isFenced(slot, former);
      }
      await standsAt(slot, later.version);
    },
  },
  {
    name: 'whoever owned the slot when it was copied may go on from there, as after an answer that was lost',
    async run(context) {
      const [slot] = slots(context);
      const atCopy = await save(slot, await acquire(slot), 1, written(1));
      const fallBack = await context.copyAway();
      await save(slot, atCopy, 2, written(2));
      await fallBack();
      const [entry] = await readAll(slot, atCopy, ['entry/1']);
      assert.equal(contentOf(entry), '1');
      await save(slot, atCopy, 2, written(2));
      await standsAt(slot, 2);
    },
  },
  {
    name: 'a slot that did not exist when the copy was made is new again, and its owner is fenced',
    async run(context) {
      const [slot] = slots(context);
      const fallBack = await context.copyAway();
      const owner = await save(slot, await acquire(slot), 5, written(5));
      await fallBack();
      assert.equal(await slot.position(), null);
      await isFenced(slot, owner);
      assert.equal(await slot.position(), null);
      const first = await slot.acquire({ leaseMs: longLease, takeOver: false });
      assert.ok(!('busyMs' in first), 'nobody holds what does not exist');
      assert.equal(first.position, null);
      assert.equal(first.resident.size, 0);
    },
  },
];
