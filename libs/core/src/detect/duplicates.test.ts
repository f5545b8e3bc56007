import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { storeNumber } from '../rules/history.ts';
import { rowCount } from '../rules/ring.ts';
import { minutes } from '../time.ts';
import type { Status } from '../transaction.ts';
import { storedAccount } from './stored-account.ts';
import type { StoredAccount } from './stored-account.ts';
import { DetectWorld, start } from './test/detect-world.ts';

/** A few payments in a few statuses, some of them in a lifecycle of another name, in any order. */
const event = fc.record({
  id: fc.constantFrom('t-1', 't-2', 't-3', 't-4'),
  status: fc.constantFrom<Status>('pending', 'authorised', 'booked', 'declined', 'reversed'),
});
const lifecycles: Readonly<Record<string, string>> = { 't-2': 't-1', 't-3': 'l-1', 't-4': 'l-1' };

const deliver = (events: readonly { readonly id: string; readonly status: Status }[]): DetectWorld => {
  const world = new DetectWorld();
  for (const { id, status } of events) {
    const occurredAt = start + minutes(Number(id.slice(2)));
    world.pay(id, { status, occurredAt, lifecycleId: lifecycles[id] ?? id });
  }
  return world;
};

describe('a bank that repeats itself', () => {
  it('always causes the same findings as one that does not', () => {
    const repeats = fc.array(fc.nat(), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 10 }), repeats, (events, copies) => {
        const repeated = [...events];
        for (const copy of copies) {
          if (repeated.length === 0) break;
          // A copy comes at any time after its original.
          const from = copy % repeated.length;
          repeated.splice(from + 1 + (copy % (repeated.length - from)), 0, repeated[from]!);
        }
        expect(deliver(repeated).told).toEqual(deliver(events).told);
      }),
    );
  });

  it('never finds one rule twice for one transaction', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const fired = deliver(events).findings.flatMap(({ transaction, fired: rules }) =>
          rules.map(({ rule }) => `${transaction.lifecycleId} ${rule}`),
        );
        expect(new Set(fired).size).toBe(fired.length);
      }),
    );
  });

  it('leaves nothing in the windows once everything was reversed', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const all = ['t-1', 't-2', 't-3', 't-4'].map((id) => ({ id, status: 'reversed' as const }));
        const world = deliver([...events, ...all]);
        const { history } = storedAccount(world.state.get('a:bank:acc-1')!.value as StoredAccount);
        for (const ring of history.ringsOf(storeNumber('debits/account/times'))) {
          expect(rowCount(history.rings, ring, 0)).toBe(0);
        }
      }),
    );
  });
});
