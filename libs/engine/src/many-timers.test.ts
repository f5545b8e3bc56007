import { describe, expect, it } from '@jest/globals';
import type { Stage } from '@tocsin/core';
import { OneStage, valueOf } from './simulation/one-stage.ts';

const remind: Stage<{ readonly key: string; readonly inMs: number }> = {
  name: 'remind',
  input: 'in',
  decode: (record) => valueOf(record),
  keys: ({ key }) => [key],
  step({ at, entries, timers }, { key, inMs }) {
    entries.put(key, key);
    timers.set({ key, due: at + inMs, keys: [key] });
  },
  onTimer({ entries, emit }, { key }) {
    emit({ topic: 'out', key: 't:1', value: entries.get<string>(key) ?? 'nothing' });
  },
};

describe('many timers that are due at once', () => {
  it('cost few questions to the store', async () => {
    const bench = new OneStage(remind, { in: 1, out: 1, 'dead-letters': 1 });
    const first = await bench.start();
    for (let i = 0; i < 50; i++)
      await bench.append(Array.from({ length: 100 }, (_, j) => ({ key: `k${i * 100 + j}`, inMs: 60_000 })));
    await bench.clock.advance(5_000);
    await bench.stop();
    expect(first.stepsOf.get('checkpoint')).toBeGreaterThan(0);
    const next = await bench.start();
    await bench.clock.advance(120_000);
    expect(bench.log.records('out')).toHaveLength(5_000);
    expect(next.stepsOf.get('read')).toBeLessThan(20);
    await bench.stop();
  }, 60_000);
});
