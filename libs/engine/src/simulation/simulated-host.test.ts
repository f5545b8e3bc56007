import { describe, expect, it } from '@jest/globals';
import type { Subscriber } from '@tocsin/core';
import { SimulatedClock, settle } from './simulated-clock.ts';
import { SimulatedHost } from './simulated-host.ts';
import { SimulatedLog } from './simulated-log.ts';
import { SimulatedStateStore } from './simulated-state-store.ts';

const group = { topic: 'payments', group: 'tally' };

const noting = (heard: string[]): Subscriber => ({
  assigned: (partitions) => void heard.push(`+${partitions.join()}`),
  revoked: (partitions) => void heard.push(`-${partitions.join()}`),
  failed: () => {},
  batch: () => Promise.resolve(),
});

describe('a host of the simulation', () => {
  it('hears what the group said in the order in which it was said, however often it froze', async () => {
    const clock = new SimulatedClock();
    const log = new SimulatedLog({ clock });
    await log.createTopics([{ name: group.topic, partitions: 2, cleanup: 'delete' }]);
    const store = new SimulatedStateStore(clock);
    const [first, second, third] = Array.from({ length: 3 }, () => new SimulatedHost(clock, log, store));
    const heard: string[] = [];
    await first!.log.subscribe(group, noting(heard));
    await settle();
    first!.freeze();
    first!.evict();
    await second!.log.subscribe(group, noting([]));
    first!.rejoin();
    second!.kill();
    await settle();
    expect(heard).toEqual(['+0,1']);
    first!.thaw();
    // At the very moment at which it moves again, before it has heard anything.
    void third!.log.subscribe(group, noting([]));
    await settle();
    expect(heard).toEqual(['+0,1', '-0', '+0', '-1']);
  });
});
