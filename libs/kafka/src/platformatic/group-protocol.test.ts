import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assignedIn, assignment, ownedIn, share, subscription } from './group-protocol.ts';

const partitionLists = fc.uniqueArray(fc.nat(63), { maxLength: 40 });

describe('what members of a group tell each other', () => {
  it('is read as it was written, for its own topic only', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 249 }), partitionLists, (topic, partitions) => {
        expect(ownedIn(subscription(topic, partitions), topic)).toEqual(partitions);
        expect(assignedIn(assignment(topic, partitions), topic)).toEqual(partitions);
        expect(ownedIn(subscription(topic, partitions), `${topic}-other`)).toEqual([]);
        expect(assignedIn(assignment(topic, partitions), `${topic}-other`)).toEqual([]);
      }),
    );
  });

  it('may say nothing of what a member has, and nothing at all to one without partitions', () => {
    // As kafkajs writes it: version 0, one topic, empty user data.
    const old = Buffer.from([0, 0, 0, 0, 0, 1, 0, 1, 0x74, 0, 0, 0, 0]);
    expect(ownedIn(old, 't')).toEqual([]);
    expect(assignedIn(Buffer.alloc(0), 't')).toEqual([]);
  });
});

describe('the sharing of partitions', () => {
  const groups = fc
    .uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 9 })
    .chain((ids) =>
      fc.tuple(...ids.map((id) => partitionLists.map((owned) => ({ id, owned })))).map((members) => [...members]),
    );

  it('always gives each partition to exactly one member, and no member two more than another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), groups, (partitions, members) => {
        const shares = share(partitions, members);
        expect([...shares.keys()].sort()).toEqual(members.map(({ id }) => id).sort());
        const all = [...shares.values()].flat();
        expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, i) => i));
        const sizes = [...shares.values()].map((one) => one.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('always gives the same, in whatever order the members are listed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), groups, (partitions, members) => {
        const sorted = (list: typeof members) => [...share(partitions, list)].toSorted();
        expect(sorted(members.toReversed())).toEqual(sorted(members));
      }),
    );
  });

  it('never moves more than must move when a member comes or goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 8 }), (partitions, count) => {
        const fresh = Array.from({ length: count }, (_, i) => ({ id: `m${i}`, owned: [] as readonly number[] }));
        const before = share(partitions, fresh);
        const members = fresh.map(({ id }) => ({ id, owned: before.get(id)! }));
        const moved = (after: ReadonlyMap<string, readonly number[]>) =>
          members.flatMap(({ id, owned }) => owned.filter((one) => after.get(id)?.includes(one) === false)).length;

        const joined = share(partitions, [...members, { id: 'a-new-one', owned: [] }]);
        expect(moved(joined)).toBe(joined.get('a-new-one')!.length);
        expect(moved(share(partitions, members.slice(1)))).toBe(0);
      }),
    );
  });
});
