import { describe, expect, it } from '@jest/globals';
import type { PartitionStatus } from '@tocsin/engine';
import { engineMetrics, setPartitionMetrics, zeroEngineMetrics } from './engine-metrics.ts';
import { Metrics } from './metrics.ts';

const lines = async (metrics: Metrics): Promise<readonly string[]> =>
  (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

const status = (partition: number, changes: Partial<PartitionStatus> = {}): PartitionStatus => ({
  partition,
  state: 'running',
  reason: null,
  offset: 0,
  clockAt: null,
  dirty: 0,
  checkpointAt: null,
  unsavedSince: null,
  dropped: 0,
  ...changes,
});

describe('the engine’s metrics', () => {
  it('forget a partition that is another’s', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const engine = engineMetrics(metrics);
    for (const partition of [0, 1]) {
      engine.lag('detect', partition, 7, 1.5);
      engine.stopped('detect', partition, 'BEYOND_END');
    }
    setPartitionMetrics(metrics, 'detect', [status(0), status(1)], 0);
    engine.left('detect', 1);
    setPartitionMetrics(metrics, 'detect', [status(0)], 0);
    const left = (await lines(metrics)).filter((line) => line.includes('partition="'));
    expect(left.sort()).toEqual([
      'tocsin_checkpoint_age_seconds{stage="detect",partition="0"} 0',
      'tocsin_lag_records{stage="detect",partition="0"} 7',
      'tocsin_lag_seconds{stage="detect",partition="0"} 1.5',
      'tocsin_partition_stopped{stage="detect",partition="0",reason="BEYOND_END"} 1',
    ]);
  });

  it('name the reason of a stop, and forget it when the partition goes on', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const engine = engineMetrics(metrics);
    engine.stopped('detect', 3, 'STATE_EMPTY');
    engine.stopped('detect', 3, 'DEAD_LETTERS');
    expect(await lines(metrics)).toEqual([
      'tocsin_partition_stopped{stage="detect",partition="3",reason="DEAD_LETTERS"} 1',
    ]);
    engine.stopped('detect', 3, null);
    expect(await lines(metrics)).toEqual([]);
  });

  it('say how old what is unsaved is, and in which states partitions are', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const partitions = [status(0, { unsavedSince: 2_500 }), status(1, { state: 'waiting' }), status(2)];
    setPartitionMetrics(metrics, 'alert', partitions, 4_000);
    expect(await lines(metrics)).toEqual([
      'tocsin_checkpoint_age_seconds{stage="alert",partition="0"} 1.5',
      'tocsin_checkpoint_age_seconds{stage="alert",partition="1"} 0',
      'tocsin_checkpoint_age_seconds{stage="alert",partition="2"} 0',
      'tocsin_partitions{stage="alert",state="acquiring"} 0',
      'tocsin_partitions{stage="alert",state="catching-up"} 0',
      'tocsin_partitions{stage="alert",state="running"} 2',
      'tocsin_partitions{stage="alert",state="waiting"} 1',
      'tocsin_partitions{stage="alert",state="stopped"} 0',
    ]);
  });

  it('have those from the beginning of which the first rise counts', async () => {
    const metrics = new Metrics({ processMetrics: false });
    zeroEngineMetrics(metrics, 'detect');
    expect(await lines(metrics)).toContain('tocsin_fenced_total{stage="detect"} 0');
    engineMetrics(metrics).count('findings', { rule: 'first-seen', mode: 'live' }, 5);
    expect(await lines(metrics)).toContain('tocsin_findings_total{rule="first-seen",mode="live"} 5');
  });
});
