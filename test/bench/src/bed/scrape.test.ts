import { describe, expect, it } from '@jest/globals';
import { Metrics, engineMetrics } from '@tocsin/nest';
import { measured } from './measure-stage.ts';
import type { Look } from './measure-stage.ts';
import { scrapeOf, takenBy } from './scrape.ts';

describe('a scrape', () => {
  it('reads from the metrics of a service what it has taken, and its CPU time and memory', async () => {
    const metrics = new Metrics();
    const engine = engineMetrics(metrics);
    engine.records('deliver.sms.urgent', 'processed', 40);
    engine.records('deliver.sms.routine', 'dead-letter', 2);
    engine.dropped('deliver.sms.routine', 'reproduced', 3);
    engine.records('detect', 'processed', 7);
    const scrape = scrapeOf(await metrics.text(), 5);
    expect(takenBy(scrape, 'deliver')).toBe(45);
    expect(takenBy(scrape, 'detect')).toBe(7);
    expect(scrape.deadLetters).toBe(2);
    expect(scrape.cpuSeconds).toBeGreaterThan(0);
    expect(scrape.rssBytes).toBeGreaterThan(1e6);
    expect(scrape.heapBytes).toBeGreaterThan(1e6);
  });

  it('counts the partitions that are at work', () => {
    const lines = ['running', 'acquiring'].map(
      (state, i) => `tocsin_partitions{stage="detect",state="${state}"} ${i + 3}`,
    );
    expect(scrapeOf(lines.join('\n'), 5).owned).toBe(3);
  });
});

const lookAt = (at: number, taken: number, cpuSeconds: number): Look => ({
  scrape: { at, taken: new Map([['detect', taken]]), cpuSeconds, deadLetters: 0, owned: 1, rssBytes: at, heapBytes: 0 },
  brokerCpuSeconds: cpuSeconds / 2,
  redisCpuSeconds: 0,
});

describe('a measurement', () => {
  it('leaves out the start, and the wait for the look that shows the end', () => {
    const looks = [lookAt(0, 0, 5), lookAt(100, 10, 6), lookAt(200, 60, 7), lookAt(1_000, 100, 9)];
    expect(measured('it', 'detect', looks, 100)).toEqual({
      what: 'it',
      records: 50,
      seconds: 0.1,
      perSecond: 500,
      cpuMicros: 20_000,
      brokerMicros: 10_000,
      redisMicros: 0,
      rssBytes: 1_000,
    });
  });

  it('takes all of it where there was no look in between', () => {
    expect(measured('it', 'detect', [lookAt(0, 0, 5), lookAt(1_000, 100, 6)], 100)).toMatchObject({
      records: 100,
      cpuMicros: 10_000,
    });
  });
});
