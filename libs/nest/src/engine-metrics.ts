import type { EngineMetrics } from '@tocsin/engine';
import type { Metrics } from './metrics.ts';

/** The engine's numbers under the names that docs/operating.md lists. */
export const engineMetrics = (metrics: Metrics): EngineMetrics => ({
  records: (stage, outcome, count) => metrics.count('records', { stage, outcome }, count),
  dropped: (stage, reason, count) => metrics.count('records_dropped', { stage, reason }, count),
  outputs: (stage, count) => metrics.count('outputs', { stage }, count),
  checkpoint: (stage, partition, tookMs, entries, bytes) => {
    metrics.observe('checkpoint_seconds', { stage }, tookMs / 1_000);
    metrics.count('checkpoint_entries', { stage }, entries);
    metrics.count('checkpoint_bytes', { stage }, bytes);
    metrics.set('checkpoint_at_seconds', { stage, partition: String(partition) }, Date.now() / 1_000);
  },
  fenced: (stage, partition) => metrics.count('fenced', { stage, partition: String(partition) }),
  replayed: (stage, _partition, cause) => metrics.count('replays', { stage, cause }),
  stopped: (stage, partition, reason) =>
    metrics.set('partition_stopped', { stage, partition: String(partition) }, reason === null ? 0 : 1),
  lag: (stage, partition, records, seconds) => {
    metrics.set('lag_records', { stage, partition: String(partition) }, records);
    metrics.set('lag_seconds', { stage, partition: String(partition) }, seconds);
  },
  left: (stage, partition) => {
    const gone = { stage, partition: String(partition) };
    for (const name of ['lag_records', 'lag_seconds', 'partition_stopped', 'checkpoint_at_seconds'])
      metrics.remove(name, gone);
  },
  count: (name, labels, by) => metrics.count(name, labels, by),
});
