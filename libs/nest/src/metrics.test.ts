import { describe, expect, it } from '@jest/globals';
import { Metrics } from './metrics.ts';

describe('metrics', () => {
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
