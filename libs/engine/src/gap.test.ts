import { describe, expect, it } from '@jest/globals';
import type { Stage } from '@tocsin/core';
import { handing } from './simulation/broken-engines.ts';
import { OneStage, textOf } from './simulation/one-stage.ts';
import { SimulatedHost } from './simulation/simulated-host.ts';

const copy: Stage<string> = {
  name: 'copy',
  input: 'in',
  decode: ({ value }) => textOf(value),
  keys: () => [],
  step: ({ emit }, text) => emit({ topic: 'out', key: 't:1', value: text }),
};

describe('a log that leaves out a record of a topic of ours', () => {
  it('is read again, because such a topic has no gaps', async () => {
    const bench = new OneStage(copy, { in: 1, out: 1, 'dead-letters': 1 });
    const { log } = new SimulatedHost(bench.clock, bench.log, bench.store);
    let leftOut = false;
    const forgetful = handing(log, (records) => {
      const missing = leftOut ? -1 : records.findIndex(({ offset }) => offset === 1);
      if (missing >= 0) leftOut = true;
      return records.filter((_, i) => i !== missing);
    });
    await bench.append(['a', 'b', 'c']);
    await bench.start({ log: forgetful });
    await bench.clock.advance(5_000);
    await bench.stop();
    expect(leftOut).toBe(true);
    expect([...new Set(bench.log.records('out').map(({ value }) => textOf(value)))]).toEqual(['a', 'b', 'c']);
  });
});
