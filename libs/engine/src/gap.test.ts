import { describe, expect, it } from '@jest/globals';
import type { Log, Stage } from '@tocsin/core';
import { OneStage, textOf } from './simulation/one-stage.ts';

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
    const { log } = bench;
    let leftOut = false;
    const forgetful: Log = {
      append: (records) => log.append(records),
      read: (...asked) => log.read(...asked),
      bounds: (...asked) => log.bounds(...asked),
      offsetAt: (...asked) => log.offsetAt(...asked),
      facts: (topic) => log.facts(topic),
      createTopics: (specs) => log.createTopics(specs),
      committed: (...asked) => log.committed(...asked),
      ping: () => log.ping(),
      close: () => log.close(),
      subscribe: (options, subscriber) =>
        log.subscribe(options, {
          assigned: (partitions) => subscriber.assigned(partitions),
          revoked: (partitions) => subscriber.revoked(partitions),
          failed: (partition, error) => subscriber.failed(partition, error),
          batch: (batches) =>
            subscriber.batch(
              batches.map(({ partition, records }) => {
                const missing = leftOut ? -1 : records.findIndex(({ offset }) => offset === 1);
                if (missing >= 0) leftOut = true;
                return { partition, records: records.filter((_, i) => i !== missing) };
              }),
            ),
        }),
    };
    await bench.append(['a', 'b', 'c']);
    await bench.start({ log: forgetful });
    await bench.clock.advance(5_000);
    await bench.stop();
    expect(leftOut).toBe(true);
    expect([...new Set(bench.log.records('out').map(({ value }) => textOf(value)))]).toEqual(['a', 'b', 'c']);
  });
});
