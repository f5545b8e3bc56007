import { describe, expect, it } from '@jest/globals';
import { counters, gauges, histograms } from '@tocsin/core';
import type { LabelValues } from '@tocsin/core';
import { Metrics } from './metrics.ts';

describe('metrics', () => {
  it('are all registered from the beginning, under the names and labels of the tables', async () => {
    const { registry } = new Metrics({ processMetrics: false });
    const registered = new Map((await registry.getMetricsAsJSON()).map(({ name, help }) => [name, help]));
    const expected = [
      ...Object.entries(counters).map(([name, { about }]) => [`tocsin_${name}_total`, about]),
      ...Object.entries({ ...gauges, ...histograms }).map(([name, { about }]) => [`tocsin_${name}`, about]),
    ] as [string, string][];
    expect(registered).toEqual(new Map(expected));
  });

  it('have no label that could hold whatever the world sends', () => {
    const bounded = ['stage', 'partition', 'channel', 'source', 'topic', 'built-in language', 'build', 'Node release'];
    const also = ['rule or condition', 'channel, or inbox', 'log, state, short-term, barriers, or stage'];
    for (const { labels } of Object.values({ ...counters, ...gauges, ...histograms })) {
      for (const values of Object.values(labels as Readonly<Record<string, LabelValues>>)) {
        if ('each' in values) expect([...bounded, ...also]).toContain(values.each);
        else expect(new Set(values).size).toBe(values.length);
      }
    }
  });

  it('ask at every scrape those who want to be asked', async () => {
    const metrics = new Metrics({ processMetrics: false });
    let n = 0;
    metrics.beforeScrape(() => metrics.set('stage_partitions', { stage: 'detect' }, ++n));
    await metrics.text();
    expect(await metrics.text()).toContain('tocsin_stage_partitions{stage="detect"} 2');
  });

  it('adds up what a gauge says, and tells nothing from none', async () => {
    const metrics = new Metrics({ processMetrics: false });
    expect(await metrics.total('lag_records')).toBeUndefined();
    metrics.set('lag_records', { stage: 'detect', partition: '0' }, 0);
    expect(await metrics.total('lag_records')).toBe(0);
    metrics.set('lag_records', { stage: 'detect', partition: '1' }, 7);
    metrics.set('lag_records', { stage: 'alert', partition: '1' }, 5);
    expect(await metrics.total('lag_records')).toBe(12);
    for (const partition of ['0', '1']) metrics.remove('lag_records', { stage: 'detect', partition });
    metrics.remove('lag_records', { stage: 'alert', partition: '1' });
    expect(await metrics.total('lag_records')).toBeUndefined();
  });

  it('prints counters, gauges and histograms under one prefix', async () => {
    const metrics = new Metrics({ processMetrics: false });
    metrics.count('records', { stage: 'detect', outcome: 'processed' }, 3);
    metrics.count('records', { stage: 'detect', outcome: 'processed' });
    metrics.set('lag_records', { stage: 'detect', partition: '0' }, 7);
    metrics.observe('alert_seconds', { channel: 'sms' }, 0.2);
    const text = await metrics.text();
    expect(text).toContain('tocsin_records_total{stage="detect",outcome="processed"} 4');
    expect(text).toContain('tocsin_lag_records{stage="detect",partition="0"} 7');
    expect(text).toContain('tocsin_alert_seconds_count{channel="sms"} 1');
  });
});
