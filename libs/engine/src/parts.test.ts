import { describe, expect, it } from '@jest/globals';
import type { Stage, Timer } from '@tocsin/core';
import fc from 'fast-check';
import { DeadLetterLimit } from './dead-letter-limit.ts';
import { decodeEntry, encodeEntry, entryExpiry, maxEntryBytes } from './entry-codec.ts';
import { EntryTable } from './entry-table.ts';
import { formatProvenance, parseProvenance, sourceOf } from './provenance.ts';
import { OneStage, valueOf } from './simulation/one-stage.ts';
import { SortedKeys } from './sorted-keys.ts';
import { TimerQueue } from './timer-queue.ts';

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true }).map((n) => n + 0),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
    ),
  ),
})).value;

describe('an entry', () => {
  it('comes back as it was, with its expiry', () => {
    fc.assert(
      fc.property(plain, fc.nat(), (value, expiresAt) => {
        const bytes = encodeEntry(value, expiresAt);
        expect(JSON.stringify(decodeEntry(bytes))).toBe(JSON.stringify(value));
        expect(entryExpiry(bytes)).toBe(expiresAt);
      }),
    );
  });

  it('is absent once the clock reaches its expiry; 0 never does', () => {
    const bytes = encodeEntry('x', 100);
    expect([decodeEntry(bytes, 99), decodeEntry(bytes, 100), decodeEntry(bytes)]).toEqual(['x', undefined, 'x']);
    expect(decodeEntry(encodeEntry('x'), Number.MAX_VALUE)).toBe('x');
  });

  it('is refused over 64 KiB, and in a format that this build does not know', () => {
    expect(encodeEntry('x'.repeat(maxEntryBytes - 20))).toHaveLength(maxEntryBytes - 8);
    expect(() => encodeEntry('x'.repeat(maxEntryBytes))).toThrow(expect.objectContaining({ code: 'ENTRY_TOO_LARGE' }));
    const bytes = encodeEntry('x');
    bytes[0] = 2;
    expect(() => decodeEntry(bytes)).toThrow(expect.objectContaining({ code: 'ENTRY_FORMAT' }));
    expect(() => decodeEntry(new Uint8Array(4))).toThrow(expect.objectContaining({ code: 'ENTRY_FORMAT' }));
  });
});

describe('provenance', () => {
  it('is read as it was written', () => {
    const source = sourceOf('deliver-sms-urgent', 'deliveries.sms.urgent', 7, 2);
    const bytes = Buffer.from(formatProvenance(source, 12_345_678_901, 12));
    expect(parseProvenance(bytes)).toEqual({ source, offset: 12_345_678_901, index: 12 });
  });

  it.each(['', '@1.2', 'a@1', 'a@.2', 'a@1.', 'a@1.x', 'a.b@1', 'a@-1.2', 'a@99999999999999999999.1'])(
    'is refused: %j',
    (text) => {
      expect(parseProvenance(Buffer.from(text))).toBeUndefined();
    },
  );
});

describe('the queue of timers', () => {
  it('gives them back in order, as the last call left them', () => {
    const act = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), due: fc.integer({ min: -1, max: 20 }) });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 400 }), (acts) => {
        const queue = new TimerQueue(true);
        const expected = new Map<string, number>();
        for (const { key, due } of acts) {
          if (due < 0) {
            queue.cancel(key);
            expected.delete(key);
          } else {
            queue.set({ key, due, keys: [] });
            expected.set(key, due);
          }
        }
        const early = queue.dueBy(10, 1_000).map(({ key }) => key);
        expect([...early].sort()).toEqual(
          [...expected]
            .filter(([, due]) => due <= 10)
            .map(([key]) => key)
            .sort(),
        );
        const given: Timer[] = [];
        for (let timer = queue.peek(); timer !== undefined; timer = queue.peek()) {
          given.push(timer);
          queue.take();
        }
        const order = [...expected].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
        expect(given.map(({ key, due }) => [key, due])).toEqual(order);
      }),
    );
  });

  it('refuses a timer that could never fire', () => {
    expect(() => new TimerQueue(true).set({ key: 'a', due: Number.NaN, keys: [] })).toThrow(/finite/);
    expect(() => new TimerQueue(false).set({ key: 'a', due: 1, keys: [] })).toThrow(/onTimer/);
  });
});

describe('the keys of resident entries', () => {
  it('stand in order, whatever came and went', () => {
    const key = fc.constantFrom('!a', '!a:1', '!a:2', '!b', '!b:ä', '!b:z');
    fc.assert(
      fc.property(fc.uniqueArray(key), fc.array(fc.tuple(key, fc.boolean())), (loaded, changes) => {
        const keys = new SortedKeys();
        const expected = new Set(loaded);
        for (const name of loaded) keys.addUnsorted(name);
        for (const [name, there] of changes) {
          if (there) keys.add(name);
          else keys.remove(name);
          if (there) expected.add(name);
          else expected.delete(name);
        }
        for (const prefix of ['!', '!a:', '!b', '!c']) {
          expect(keys.range(prefix)).toEqual([...expected].filter((name) => name.startsWith(prefix)).sort());
        }
      }),
    );
  });
});

describe('the table of entries', () => {
  it('evicts the clean entries used longest ago, never one that is not saved', () => {
    const table = new EntryTable();
    for (const key of ['a', 'b', 'c', 'd']) table.loadCold(key, encodeEntry(key));
    table.nextStep();
    table.admit(['a', 'b'], []);
    table.put('a', 'changed');
    table.evict(4);
    table.nextStep();
    table.admit(['c'], []);
    table.evict(2);
    expect(['a', 'b', 'c', 'd'].filter((key) => table.holds(key))).toEqual(['a', 'c']);
    const saved = new Map<string, Uint8Array | null>();
    table.drainInto(saved);
    expect([...saved.keys()]).toEqual(['a']);
    table.evict(0);
    expect(table.coldCount).toBe(0);
  });

  it('gives a step nothing that it did not declare, be it in memory or not', () => {
    const table = new EntryTable();
    table.loadCold('a', encodeEntry(1));
    table.nextStep();
    table.admit(['a'], []);
    expect(table.get('a')).toBe(1);
    table.nextStep();
    expect(() => table.get('a')).toThrow(expect.objectContaining({ code: 'KEY_NOT_DECLARED' }));
  });
});

describe('the limit of dead letters', () => {
  const after = (records: number, dead: number): DeadLetterLimit => {
    const limit = new DeadLetterLimit();
    for (let offset = 0; offset < records; offset++) limit.record(offset);
    for (let offset = 0; offset < dead; offset++) limit.deadLetter(`${offset}`);
    return limit;
  };

  it('is more than a hundred, or one in twenty once there are enough', () => {
    expect(after(19, 19).exceeded).toBe(false);
    expect(after(20, 20).exceeded).toBe(true);
    expect(after(400, 20).exceeded).toBe(false);
    expect(after(400, 21).exceeded).toBe(true);
    expect(after(100_000, 100).exceeded).toBe(false);
    expect(after(100_000, 101).exceeded).toBe(true);
  });

  it('counts a replay once, and begins anew with a checkpoint that has seen enough', () => {
    const limit = after(100_000, 100);
    limit.deadLetter('7');
    expect(limit.exceeded).toBe(false);
    limit.checkpointed();
    limit.deadLetter('100001');
    expect(limit.exceeded).toBe(false);
  });
});

describe('a stage under test', () => {
  const careless = (step: Stage<number>['step']): Stage<number> => ({
    name: 'careless',
    input: 'in',
    decode: (record) => valueOf<number>(record),
    keys: () => ['list'],
    step,
  });
  const kept = Math.random;

  it.each<[string, Stage<number>['step']]>([
    ['reads the clock', ({ emit }) => emit({ topic: 'out', key: 'k', value: `${Date.now()}` })],
    ['makes a date of the present', ({ emit }) => emit({ topic: 'out', key: 'k', value: new Date().toISOString() })],
    ['measures time', ({ emit }) => emit({ topic: 'out', key: 'k', value: `${performance.now()}` })],
    ['draws a name', ({ emit }) => emit({ topic: 'out', key: 'k', value: crypto.randomUUID() })],
    ['rolls dice', ({ emit }) => emit({ topic: 'out', key: 'k', value: `${Math.random()}` })],
    ['puts what the store cannot keep', ({ entries }) => entries.put('list', new Map([[1, 2]]))],
    [
      'changes an entry without putting it',
      ({ entries }, number) => {
        const list = entries.get<number[]>('list');
        if (list === undefined) entries.put('list', [number]);
        else list.push(number);
      },
    ],
  ])('is caught when it %s', async (_, step) => {
    const bench = new OneStage(careless(step), { in: 1, out: 1, 'dead-letters': 1 });
    await bench.start();
    await bench.append([1, 2]);
    await bench.clock.advance(500);
    expect(bench.log.records('dead-letters').length).toBeGreaterThan(0);
    expect(bench.log.records('out')).toEqual([]);
    expect(Math.random).toBe(kept);
    expect(Date.now()).toBeGreaterThan(0);
    await bench.stop();
  });
});
