import { describe, expect, it } from '@jest/globals';
import type { Stage } from '@tocsin/core';
import { OneStage, textOf, valueOf } from './simulation/one-stage.ts';
import { isTick } from './tick.ts';

interface Command {
  readonly do: 'set' | 'cancel' | 'remember' | 'recall' | 'chain' | 'loop' | 'resident' | 'nothing';
  readonly key?: string;
  readonly inMs?: number;
  readonly keys?: readonly string[];
}

/** Does what it is told with timers and entries, and writes down what it sees. */
const obedient: Stage<Command> = {
  name: 'obedient',
  input: 'in',
  decode: (record) => valueOf<Command>(record),
  keys: (command) => [command.key ?? 'a'],
  step({ at, recordAt, entries, timers, emit }, { do: what, key = 'a', inMs = 0, keys = [] }) {
    const say = (text: string): void => emit({ topic: 'out', key: 't:1', value: text });
    if (what === 'set') timers.set({ key, due: at + inMs, keys });
    if (what === 'chain') timers.set({ key: 'chain', due: at + inMs, keys: [], data: 3 });
    if (what === 'loop') timers.set({ key: 'loop', due: at, keys: [], data: 'loop' });
    if (what === 'cancel') timers.cancel(key);
    if (what === 'remember') entries.put(key, `remembered at ${recordAt % 100_000}`, at + inMs);
    if (what === 'recall') say(`${entries.get<string>(key) ?? 'nothing'}`);
    if (what === 'resident') say([...entries.resident<string>('!')].map(([name]) => name).join());
  },
  onTimer({ at, entries, timers, emit }, { key, keys, data, due }) {
    const values = keys.map((name) => entries.get<string>(name) ?? 'nothing');
    if (data === 'loop') {
      timers.set({ key, due, keys, data });
      return;
    }
    emit({
      topic: 'out',
      key: 't:1',
      value: `${key} at ${at % 100_000}${values.map((value) => ` ${value}`).join('')}`,
    });
    if (typeof data === 'number' && data > 0) timers.set({ key, due: at + 100, keys: [], data: data - 1 });
  },
};

const partitions = { in: 1, out: 1, 'dead-letters': 1 };

const said = (bench: OneStage<Command>): readonly string[] =>
  bench.log.records('out').map(({ value }) => textOf(value));
const ticks = (bench: OneStage<Command>): number => bench.log.records('in').filter(isTick).length;

async function started(): Promise<OneStage<Command>> {
  const bench = new OneStage(obedient, partitions);
  await bench.start();
  return bench;
}

describe('timers', () => {
  it('fire in the order of due time and key, before the record that moved the clock', async () => {
    const bench = await started();
    const set = (key: string, inMs: number): Command => ({ do: 'set', key, inMs });
    await bench.append([set('c', 50), set('b', 20), set('a', 50), set('d', 20)]);
    await bench.clock.advance(60);
    await bench.append([{ do: 'recall' }]);
    expect(said(bench)).toEqual(['b at 20', 'd at 20', 'a at 50', 'c at 50', 'nothing']);
    const sources = bench.log.records('out').map(({ headers }) => textOf(headers['src']).split('@')[1]);
    expect(sources).toEqual(['4.0', '4.1', '4.2', '4.3', '4.4']);
    await bench.stop();
  });

  it('can be moved, cancelled, and set again by a timer', async () => {
    const bench = await started();
    await bench.append([
      { do: 'set', key: 'moved', inMs: 10 },
      { do: 'set', key: 'gone', inMs: 10 },
      { do: 'set', key: 'moved', inMs: 500 },
      { do: 'cancel', key: 'gone' },
      { do: 'chain', inMs: 50 },
    ]);
    await bench.clock.advance(600);
    await bench.append([{ do: 'nothing' }]);
    expect(said(bench)).toEqual(['chain at 50', 'chain at 150', 'chain at 250', 'chain at 350', 'moved at 500']);
    await bench.stop();
  });

  it('find the entries that they named, also where those are not in memory', async () => {
    const bench = new OneStage(obedient, partitions);
    await bench.start({ limits: { cacheEntries: 0, checkpointEntries: 1 } });
    await bench.append([{ do: 'remember', key: 'x', inMs: 60_000 }]);
    await bench.append([{ do: 'set', key: 'look', inMs: 0, keys: ['x', 'y'] }]);
    await bench.append([{ do: 'nothing' }]);
    expect(said(bench)).toEqual(['look at 0 remembered at 0 nothing']);
    await bench.stop();
  });

  it('survive a restart', async () => {
    const bench = await started();
    await bench.append([{ do: 'set', key: 'later', inMs: 5_000 }]);
    await bench.stop();
    await bench.clock.advance(10_000);
    await bench.start();
    await bench.clock.advance(1_000);
    expect(said(bench)).toEqual(['later at 5000']);
    await bench.stop();
  });

  it('that set one another without end stop the partition', async () => {
    const bench = await started();
    await bench.append([{ do: 'loop' }]);
    await bench.append([{ do: 'nothing' }]);
    expect(bench.status()).toMatchObject({ state: 'stopped', reason: 'TIMER_LOOP' });
    await bench.stop();
  });
});

describe('ticks', () => {
  it('move the clock where a timer is due and no record comes; none are written otherwise', async () => {
    const bench = await started();
    await bench.append([{ do: 'set', key: 'due', inMs: 30_000 }]);
    await bench.clock.advance(29_000);
    expect(ticks(bench)).toBe(0);
    await bench.clock.advance(2_000);
    expect(said(bench)).toEqual(['due at 30000']);
    expect(ticks(bench)).toBe(1);
    await bench.clock.advance(60_000);
    expect(ticks(bench)).toBe(1);
    expect(bench.metrics).toContainEqual(['records', 'obedient', 'tick', 1]);
    await bench.stop();
  });

  it('come once a second while the log lags behind the clock of the owner, and never fire early', async () => {
    const bench = await started();
    await bench.append([{ do: 'set', key: 'due', inMs: 500 }]);
    const ahead = { now: () => bench.clock.now() + 10_000, after: bench.clock.after.bind(bench.clock) };
    await bench.stop();
    await bench.start({ clock: ahead });
    await bench.clock.advance(400);
    expect(ticks(bench)).toBe(1);
    expect(said(bench)).toEqual([]);
    await bench.clock.advance(1_200);
    expect(ticks(bench)).toBe(2);
    expect(said(bench)).toEqual(['due at 500']);
    await bench.stop();
  });

  it('are records without provenance that readers recognise by a header', async () => {
    const bench = await started();
    await bench.append([{ do: 'set', inMs: 10 }]);
    await bench.clock.advance(1_500);
    const record = bench.log.records('in').find(isTick)!;
    expect(textOf(record.value)).toBe('{"type":"tick","version":1}');
    expect(record.key).toBeNull();
    expect(record.headers['src']).toBeUndefined();
    await bench.stop();
  });
});

describe('the expiry of an entry', () => {
  it('is decided by the stage clock', async () => {
    const bench = await started();
    await bench.append([{ do: 'remember', inMs: 1_000 }]);
    await bench.clock.advance(999);
    await bench.append([{ do: 'recall' }]);
    await bench.clock.advance(1);
    await bench.append([{ do: 'recall' }]);
    expect(said(bench)).toEqual(['remembered at 0', 'nothing']);
    await bench.stop();
  });

  it('sweeps the store, and never by a clock that is not saved', async () => {
    const bench = new OneStage(obedient, partitions);
    await bench.start({ limits: { sweepMs: 1_000 } });
    await bench.append([
      { do: 'remember', key: 'x', inMs: 3_000 },
      { do: 'remember', key: '!y', inMs: 3_000 },
      { do: 'remember', key: '!z', inMs: 60_000 },
    ]);
    await bench.clock.advance(2_000);
    expect([...bench.store.entries('obedient', 0).keys()]).toEqual(['x', '!y', '!z']);
    await bench.append([{ do: 'resident' }]);
    await bench.clock.advance(5_000);
    // The saved clock stands at 2 s: a replay from there would still need what expires at 3 s.
    expect([...bench.store.entries('obedient', 0).keys()]).toEqual(['x', '!y', '!z']);
    await bench.append([{ do: 'resident' }]);
    await bench.clock.advance(2_000);
    expect([...bench.store.entries('obedient', 0).keys()]).toEqual(['!z']);
    expect(said(bench)).toEqual(['!y,!z', '!z']);
    await bench.stop();
  });
});
