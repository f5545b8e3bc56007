import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { LogError } from '@tocsin/core';
import type { Log } from '@tocsin/core';
import { SimulatedLog } from '@tocsin/engine';
import { faultyLog, logFaults } from './log/faulty-log.ts';
import { told } from './log/faulty-subscription.ts';
import { withPatience } from './log/log-harness.ts';
import { logSuite } from './log-suite.ts';
import type { Leaders, LogCase } from './log-suite.ts';

/** One connection to the log in memory: closing it closes no other one. */
function connection(log: SimulatedLog): Log {
  let closed = false;
  const open = <T>(use: () => Promise<T>): Promise<T> =>
    closed ? Promise.reject(new LogError('CLOSED', 'The connection was closed.')) : use();
  return {
    append: (records) => open(() => log.append(records)),
    read: (...place) => open(() => log.read(...place)),
    bounds: (...place) => open(() => log.bounds(...place)),
    offsetAt: (...place) => open(() => log.offsetAt(...place)),
    facts: (topic) => open(() => log.facts(topic)),
    createTopics: (specs) => open(() => log.createTopics(specs)),
    subscribe: (...reading) => open(() => log.subscribe(...reading)),
    committed: (...group) => open(() => log.committed(...group)),
    ping: () => open(() => log.ping()),
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
}

/** In memory nobody leads anything: what happens is told to logs that cannot take it. */
class Leadership implements Leaders {
  readonly #log: Log;
  readonly moved = new Set<string>();
  killed = false;

  constructor(log: Log) {
    this.#log = log;
  }

  async topicLedByOne(partitions: number): Promise<string> {
    const name = `leaders-${randomUUID()}`;
    await this.#log.createTopics([{ name, partitions, cleanup: 'delete' }]);
    return name;
  }

  move(topic: string, partition: number): Promise<void> {
    this.moved.add(`${topic}/${partition}`);
    return Promise.resolve();
  }

  kill(): Promise<() => Promise<void>> {
    this.killed = true;
    return Promise.resolve(() => Promise.resolve());
  }
}

/** Logs that take a change of leaders badly, each in a way in which a client of the field does. */
const leaderFaults: Readonly<Record<string, (log: Log, leaders: Leadership) => Log>> = {
  'reads no more of a partition that moved': (log, { moved }) => ({
    ...log,
    subscribe: (options, subscriber) =>
      log.subscribe(
        options,
        told(subscriber, {
          batch: async (batches) => {
            const here = batches.filter(({ partition }) => !moved.has(`${options.topic}/${partition}`));
            if (here.length > 0) await subscriber.batch(here);
          },
        }),
      ),
  }),
  'acknowledges what its leader took with it': (log, leaders) => ({
    ...log,
    async append(records) {
      if (!leaders.killed) return log.append(records);
      leaders.killed = false;
      return records.map(({ topic, partition }) => ({ topic, partition, offset: 0 }));
    },
  }),
};

/** The cases that a log fails, all run at once, with what they say. */
async function failing(fault?: string): Promise<readonly string[]> {
  const log = new SimulatedLog({ clock: { now: () => Date.now() } });
  const leaders = new Leadership(connection(log));
  const connect = (): Log => {
    if (fault === undefined) return connection(log);
    return leaderFaults[fault]?.(connection(log), leaders) ?? faultyLog(connection(log), fault);
  };
  const harness = {
    leaders,
    log: connect(),
    another: () => Promise.resolve(connect()),
    deleteTopic: (topic: string) => Promise.resolve(log.delete(topic)),
    trim: (topic: string, partition: number, before: number) => Promise.resolve(log.trim(topic, partition, before)),
    tooLargeBytes: 1_000_001,
    shortSessionMs: 200,
  };
  const cases = logSuite({ members: true, identity: true, leaders: true });
  const failed: string[] = [];
  // A fault is noticed by the first case that fails; the others need not go on.
  // A faulty log is waited for in vain by many cases; of the faultless one a busy machine may ask for patience.
  const limits = { mostMs: fault === undefined ? 20_000 : 2_500, over: () => fault !== undefined && failed.length > 0 };
  const run = async (kept: LogCase): Promise<void> => {
    try {
      await kept.run(harness);
    } catch (error) {
      failed.push(`${kept.name}: ${(error as Error).message}`);
    }
  };
  await withPatience(limits, () => Promise.all(cases.map(run)));
  return failed;
}

const allFaults = [...logFaults, ...Object.keys(leaderFaults)];
/** So many faulty logs are run side by side, and a faultless one with them: what it shows is not due to the crowd. */
const sideBySide = 8;

describe('the contract suite of the log port', () => {
  const verdicts = new Map<string, readonly string[]>();
  const faultless: (readonly string[])[] = [];

  beforeAll(async () => {
    for (let from = 0; from < allFaults.length; from += sideBySide) {
      const faults = allFaults.slice(from, from + sideBySide);
      const [clean, ...broken] = await Promise.all([failing(), ...faults.map(failing)]);
      faultless.push(clean);
      faults.forEach((fault, i) => verdicts.set(fault, broken[i]!));
    }
  });

  it('lets the log of the simulation pass', () => {
    expect(faultless.flat()).toEqual([]);
  });

  it.each(allFaults)('notices a log that %s', (fault) => {
    expect(verdicts.get(fault)).not.toEqual([]);
  });
});
