import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { days, minutes } from '../time.ts';
import type { Status } from '../transaction.ts';
import type { AccountState } from './account-state.ts';
import { storedAccount } from './stored-account.ts';
import type { StoredAccount } from './stored-account.ts';
import { contentHash } from './content-hash.ts';
import { mostSeenText } from './seen-ids.ts';
import { DetectWorld, payment, start } from './test/detect-world.ts';

const entryOf = (id: string): string => `s:5:bank:acc-1:${id}`;
const accountOf = (world: DetectWorld): AccountState | undefined => {
  const entry = world.state.get('a:bank:acc-1');
  return entry && storedAccount(entry.value as StoredAccount);
};
const keysOf = (world: DetectWorld): readonly string[] => [...world.state.keys()];

/** An account whose entry has no room for further ids: credits, which no rule of this world looks at. */
function filled(): DetectWorld {
  const world = new DetectWorld();
  for (let i = 0; (accountOf(world)?.seen ?? '').length < mostSeenText; i++) {
    world.pay(`full-${i}`, { direction: 'credit', status: 'authorised', occurredAt: start - days(3) });
  }
  return world;
}

const event = fc.record({
  id: fc.constantFrom('t-1', 't-2', 't-3', 't-4'),
  status: fc.constantFrom<Status>('pending', 'authorised', 'booked', 'declined', 'reversed'),
  reversalOf: fc.option(fc.constantFrom('t-1', 't-2', 't-3'), { freq: 4, nil: undefined }),
  minor: fc.constantFrom(1_000, 2_000),
  later: fc.constantFrom(0, 0, days(1), days(8), days(31)),
});
const lifecycles: Readonly<Record<string, string>> = { 't-2': 't-1', 't-3': 'l-1', 't-4': 'l-1' };

describe('the ids of an account', () => {
  it('cost no entry of their own as long as they fit, and one each from then on', () => {
    const world = filled();
    expect(keysOf(world)).toEqual(['a:bank:acc-1']);
    world.pay('t-1').pay('t-1').pay('t-2');
    expect(keysOf(world)).toEqual(['a:bank:acc-1', entryOf('t-1'), entryOf('t-2')]);
    expect(world.counts.filter((count) => count.endsWith('duplicate'))).toHaveLength(1);
  });

  it('make room once they are forgotten', () => {
    const world = filled()
      .in(days(31))
      .pay('t-1')
      .pay('t-2', { occurredAt: start + days(31) - minutes(1) });
    expect(keysOf(world)).toEqual(['a:bank:acc-1']);
    expect(accountOf(world)!.seen?.match(/^t-./gm)).toEqual(['t-1', 't-2']);
  });

  it('make room as soon as one of them is forgotten, also where a booking shortened its time', () => {
    const world = filled().pay('t-1');
    expect(keysOf(world)).toHaveLength(2);
    world.pay('full-3', { direction: 'credit', status: 'booked', occurredAt: start - days(3) });
    world.in(days(7)).pay('t-2');
    expect(keysOf(world)).toEqual(['a:bank:acc-1', entryOf('t-1')]);
    expect(accountOf(world)!.seen).toContain('\nt-2\t');
  });

  it('always decide the same, whether they lie in the account or apart', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const outcomeIn = (world: DetectWorld): unknown => {
          const before = world.counts.length;
          for (const { id, status, reversalOf, minor, later } of events) {
            world.in(later).pay(id, {
              status,
              lifecycleId: lifecycles[id] ?? id,
              occurredAt: start + minutes(Number(id.slice(2))),
              amount: { minor, currency: 'EUR' },
              ...(reversalOf === undefined ? {} : { reversalOf }),
            });
          }
          return { told: world.told, rejected: world.rejected.length, counts: world.counts.slice(before) };
        };
        expect(outcomeIn(filled())).toEqual(outcomeIn(new DetectWorld()));
      }),
    );
  });

  it('are found where build 0.1.0 left them', () => {
    const world = new DetectWorld();
    const first = payment('t-1', start);
    const { status, occurredAt: at, amount } = first;
    const seen = { status, at, minor: amount.minor, content: contentHash(first) };
    world.state.set('a:bank:acc-1', { value: { history: {}, firstAt: at, owner: 'cus-1' }, expiresAt: 0 });
    world.state.set(entryOf('t-1'), { value: seen, expiresAt: start + days(7) });
    world.pay('t-2').pay('t-1', { occurredAt: start });
    expect(world.counts).toEqual(['transactions first', 'records_dropped detect duplicate']);
    expect(keysOf(world)).toEqual(['a:bank:acc-1', entryOf('t-1')]);
  });
});
