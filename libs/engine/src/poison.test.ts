import { describe, expect, it } from '@jest/globals';
import type { DeadLetter, Stage } from '@tocsin/core';
import { SlotRebuilding } from './rebuild-slot.ts';
import { OneStage, textOf, valueOf } from './simulation/one-stage.ts';

interface Order {
  readonly customer: string;
  readonly what: 'count' | 'throw' | 'throw-in-timer' | 'undeclared' | 'reserved' | 'large' | 'unknown-topic' | 'grow';
}

const counter: Stage<Order> = {
  name: 'counter',
  input: 'in',
  decode: (record) => valueOf<Order>(record),
  keys: ({ customer }) => [customer],
  step({ at, entries, timers, emit }, { customer, what }) {
    const count = (entries.get<number>(customer) ?? 0) + 1;
    entries.put(customer, count);
    emit({ topic: 'out', key: customer, value: { customer, count } });
    if (what === 'throw') throw new TypeError(`cannot process ${customer}`);
    if (what === 'throw-in-timer')
      timers.set({ key: `late/${customer}`, due: at + 1_000, keys: [customer], data: 'throw' });
    if (what === 'undeclared') entries.get('somebody else');
    if (what === 'reserved') entries.put('!w:tally/in/0/1', [9, 9]);
    if (what === 'large') emit({ topic: 'out', key: customer, value: 'x'.repeat(900_001) });
    if (what === 'unknown-topic') emit({ topic: 'nowhere', key: customer, value: null });
    if (what === 'grow') entries.put('!big', 'x'.repeat(70_000));
  },
  onTimer({ entries, emit }, { keys, data }) {
    const customer = keys[0]!;
    entries.delete(customer);
    emit({ topic: 'out', key: customer, value: { customer, forgotten: true } });
    if (data === 'throw') throw new RangeError(`cannot forget ${customer}`);
  },
};

const partitions = { in: 1, out: 1, 'dead-letters': 1 };

const deadLetters = (bench: OneStage<Order>): readonly DeadLetter[] =>
  bench.log.records('dead-letters').map((record) => valueOf<DeadLetter>(record));

const counts = (bench: OneStage<Order>): readonly unknown[] =>
  bench.log.records('out').map((record) => valueOf<{ count?: number }>(record).count);

describe('a record that cannot be processed', () => {
  it('becomes a dead letter where the step throws, and leaves no trace in the state or in the outputs', async () => {
    const bench = new OneStage(counter, partitions);
    await bench.start();
    await bench.append([
      { customer: 'a', what: 'count' },
      { customer: 'a', what: 'throw' },
      { customer: 'a', what: 'count' },
    ]);
    await bench.clock.advance(500);
    expect(counts(bench)).toEqual([1, 2]);
    const [letter] = deadLetters(bench);
    expect(letter).toEqual({
      type: 'dead-letter',
      version: 1,
      id: 'counter/in/0/1@1.0',
      stage: 'counter',
      kind: 'step-failed',
      reason: 'The step failed: TypeError.',
      origin: { topic: 'in', partition: 0, offset: 1 },
      key: Buffer.from('t:1').toString('base64'),
      value: Buffer.from(JSON.stringify({ customer: 'a', what: 'throw' })).toString('base64'),
    });
    const { headers, key } = bench.log.records('dead-letters')[0]!;
    expect(textOf(headers['ce_id'])).toBe('counter/in/0/1@1.0');
    expect(textOf(headers['src'])).toBe('counter/in/0/1@1.0');
    expect(textOf(key)).toBe('t:1');
    // What the error says may quote the record: nothing of it is logged.
    expect(JSON.stringify(bench.lines)).not.toContain('cannot process');
    await bench.stop();
  });

  it('becomes a dead letter where it cannot be read', async () => {
    const bench = new OneStage(counter, partitions);
    await bench.start();
    await bench.append(['not json', { customer: 'a', what: 'count' }]);
    expect(deadLetters(bench)).toMatchObject([{ kind: 'unreadable', origin: { offset: 0 } }]);
    expect(counts(bench)).toEqual([1]);
    await bench.stop();
  });

  it('becomes a dead letter where its provenance is malformed', async () => {
    const bench = new OneStage(counter, partitions);
    await bench.start();
    await bench.append([{ customer: 'a', what: 'count' }], { headers: { src: 'upstream@x' } });
    expect(deadLetters(bench)).toMatchObject([{ kind: 'unreadable' }]);
    await bench.stop();
  });

  it('becomes a dead letter where a timer throws; the timer is gone, its changes too', async () => {
    const bench = new OneStage(counter, partitions);
    await bench.start();
    await bench.append([{ customer: 'a', what: 'throw-in-timer' }]);
    await bench.clock.advance(1_500);
    await bench.append([{ customer: 'a', what: 'count' }]);
    await bench.clock.advance(5_000);
    expect(deadLetters(bench)).toMatchObject([{ kind: 'step-failed', reason: 'A timer failed: RangeError.' }]);
    expect(counts(bench)).toEqual([1, 2]);
    await bench.stop();
  });

  it.each([
    ['undeclared', 'KEY_NOT_DECLARED'],
    ['reserved', 'ENTRY_NOT_WRITABLE'],
  ] as const)('becomes a dead letter where the step breaks the rules of entries (%s)', async (what, code) => {
    const bench = new OneStage(counter, partitions);
    await bench.start();
    await bench.append([
      { customer: 'a', what },
      { customer: 'a', what: 'count' },
    ]);
    await bench.clock.advance(500);
    expect(deadLetters(bench)).toMatchObject([{ reason: `The step failed: EngineError (${code}).` }]);
    expect(counts(bench)).toEqual([1]);
    await bench.stop();
  });

  it('is decided alike by whoever replays: the dead letter is the same, and is not repeated', async () => {
    const bench = new OneStage(counter, partitions);
    const orders = Array.from({ length: 60 }, (_, i) => ({
      customer: `c${i % 4}`,
      what: i % 25 === 7 ? 'throw' : 'count',
    }));
    const host = await bench.start();
    await bench.append(orders);
    await bench.clock.advance(200);
    host.kill();
    const first = bench.log.records('dead-letters').map(({ headers, value }) => textOf(headers['src']) + textOf(value));
    bench.store.restore(new Map());
    const slot = { stage: 'counter', partition: 0, state: bench.store, from: 0, mutedBelow: 0, generation: 1 };
    await new SlotRebuilding(slot).finish();
    await bench.start();
    await bench.clock.advance(500);
    const all = bench.log.records('dead-letters').map(({ headers, value }) => textOf(headers['src']) + textOf(value));
    expect(first).toHaveLength(3);
    expect(all).toEqual([...first, ...first]);
    await bench.stop();
  });

  it('stops the partition when there are too many: one in twenty', async () => {
    const bench = new OneStage(counter, partitions);
    await bench.start();
    const orders = Array.from({ length: 700 }, (_, i) => ({
      customer: 'a',
      what: i > 350 && i % 2 === 0 ? 'throw' : 'count',
    }));
    await bench.append(orders);
    await bench.clock.advance(3_000);
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'DEAD_LETTERS' });
    expect(deadLetters(bench).length).toBeLessThan(40);
    expect(bench.metrics).toContainEqual(['stopped', 'counter', 0, 'DEAD_LETTERS']);
    // A person may decide that they are to go nevertheless.
    bench.runner.retry(0);
    await bench.clock.advance(100);
    expect(deadLetters(bench).length).toBeGreaterThan(20);
    await bench.stop();
  });

  it('goes on where they are few among many', async () => {
    const bench = new OneStage(counter, partitions);
    await bench.start();
    const orders = Array.from({ length: 1_000 }, (_, i) => ({ customer: 'a', what: i % 50 === 3 ? 'throw' : 'count' }));
    await bench.append(orders);
    await bench.clock.advance(3_000);
    expect(bench.status()).toMatchObject({ state: 'running', offset: 1_000 });
    expect(deadLetters(bench)).toHaveLength(20);
    expect(counts(bench).filter((count) => count === 980)).toHaveLength(1);
    await bench.stop();
  });

  it('stops the partition where no topic for dead letters is configured', async () => {
    const bench = new OneStage(counter, { in: 1, out: 1 });
    await bench.start();
    await bench.append(['not json']);
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'DEAD_LETTERS_TOPIC_MISSING' });
    await bench.stop();
  });
});

describe('what no dead letter can repair', () => {
  it.each([
    ['unknown-topic', 'OUTPUT_TOPIC_UNKNOWN'],
    ['grow', 'ENTRY_TOO_LARGE'],
  ] as const)('stops the partition (%s)', async (what, reason) => {
    const bench = new OneStage(counter, partitions);
    await bench.start();
    await bench.append([{ customer: 'a', what }]);
    await bench.clock.advance(2_000);
    expect(bench.status()).toMatchObject({ state: 'stopped', reason });
    expect(deadLetters(bench)).toEqual([]);
    await bench.stop();
  });
});

describe('an output over 900 KB', () => {
  it('becomes a dead letter with its size and hash, in its own place among the outputs', async () => {
    const bench = new OneStage(counter, partitions);
    await bench.start();
    await bench.append([{ customer: 'a', what: 'large' }]);
    expect(deadLetters(bench)).toMatchObject([
      {
        id: 'counter/in/0/1@0.1',
        kind: 'too-large',
        size: 900_001,
        sha256: '67959ab5d1de53d1484061a2fe7c8396cdf68f7b4e2452f1d58be18b02df23eb',
        key: Buffer.from('a').toString('base64'),
      },
    ]);
    expect(counts(bench)).toEqual([1]);
    await bench.stop();
  });
});
