import { describe, expect, it } from '@jest/globals';
import type { Stage } from '@tocsin/core';
import { SimulatedClock, settle } from './simulation/simulated-clock.ts';
import { SimulatedLog } from './simulation/simulated-log.ts';
import { SimulatedStateStore } from './simulation/simulated-state-store.ts';
import { textOf, valueOf } from './simulation/one-stage.ts';
import { StageRunner } from './stage-runner.ts';

interface Command {
  readonly key: string;
  readonly size: number;
}

const writer: Stage<Command> = {
  name: 'writer',
  input: 'in',
  decode: (record) => valueOf<Command>(record),
  keys: () => [],
  step: ({ emit }, { key, size }) => emit({ topic: 'out', key, value: 'x'.repeat(size) }),
};

const partitions = { in: 3, out: 1, 'dead-letters': 1 };

describe('an output that the log refuses for good', () => {
  it('stops its own partition and no other, though they write together', async () => {
    const clock = new SimulatedClock();
    const log = new SimulatedLog({ clock, maxValueBytes: 1_000 });
    await log.createTopics(
      Object.entries(partitions).map(([name, count]) => ({ name, partitions: count, cleanup: 'delete' as const })),
    );
    const state = new SimulatedStateStore(clock);
    const runner = new StageRunner({ stage: writer, log, state, clock, partitions, deadLettersTopic: 'dead-letters' });
    await runner.start();
    // There before the stage starts, so that one round has outputs of all of them.
    await log.append(
      [10, 5_000, 20].map((size, partition) => {
        const command: Command = { key: `${partition}`, size };
        return { topic: 'in', partition, key: command.key, value: JSON.stringify(command) };
      }),
    );
    runner.started(await log.subscribe(runner.subscribeOptions, runner));
    await settle();
    await clock.advance(5_000);
    expect(runner.status().map(({ partition, state: is, reason }) => ({ partition, is, reason }))).toEqual([
      { partition: 0, is: 'running', reason: null },
      { partition: 1, is: 'stopped', reason: 'OUTPUT_REFUSED' },
      { partition: 2, is: 'running', reason: null },
    ]);
    expect(new Set(log.records('out').map(({ value }) => textOf(value).length))).toEqual(new Set([10, 20]));
    await runner.stop();
  });
});
