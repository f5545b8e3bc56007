import { gauges } from '@tocsin/core';
import type { EngineErrorCode, EngineMetrics, PartitionStatus } from '@tocsin/engine';
import type { Metrics } from './metrics.ts';

/** What refuses the start of a stage, or makes a dead letter of a record, never stops a partition. */
type StopCode = Exclude<
  EngineErrorCode,
  'TOPIC_MISSING' | 'PARTITIONS_DIFFER' | 'KEY_NOT_DECLARED' | 'ENTRY_NOT_WRITABLE' | 'TIMER_INVALID'
>;

/** The engine's numbers under the names of the tables in @tocsin/core. */
export const engineMetrics = (metrics: Metrics): EngineMetrics => ({
  records: (stage, outcome, count) => metrics.count('records', { stage, outcome }, count),
  dropped: (stage, reason, count) => metrics.count('records_dropped', { stage, reason }, count),
  outputs: (stage, count) => metrics.count('outputs', { stage }, count),
  checkpoint: (stage, _partition, tookMs, entries, bytes) => {
    metrics.observe('checkpoint_seconds', { stage }, tookMs / 1_000);
    metrics.count('checkpoint_entries', { stage }, entries);
    metrics.count('checkpoint_bytes', { stage }, bytes);
  },
  fenced: (stage) => metrics.count('fenced', { stage }),
  replayed: (stage, _partition, cause) => metrics.count('replays', { stage, cause }),
  stopped: (stage, partition, reason) => {
    forgetStop(metrics, stage, String(partition));
    if (reason === null) return;
    metrics.set('partition_stopped', { stage, partition: String(partition), reason: reason as StopCode }, 1);
  },
  lag: (stage, partition, records, seconds) => {
    metrics.set('lag_records', { stage, partition: String(partition) }, records);
    metrics.set('lag_seconds', { stage, partition: String(partition) }, seconds);
  },
  left: (stage, partition) => {
    const gone = { stage, partition: String(partition) };
    metrics.remove('lag_records', gone);
    metrics.remove('lag_seconds', gone);
    metrics.remove('checkpoint_age_seconds', gone);
    forgetStop(metrics, stage, gone.partition);
  },
  count: (name, labels, by) => metrics.countNamed(name, labels, by),
});

const stopReasons = gauges.partition_stopped.labels.reason;

function forgetStop(metrics: Metrics, stage: string, partition: string): void {
  for (const reason of stopReasons) metrics.remove('partition_stopped', { stage, partition, reason });
}

/** What is worth an alarm when it first rises is known from the beginning: a rise from nothing does not show as one. */
export function zeroEngineMetrics(metrics: Metrics, stage: string): void {
  metrics.count('fenced', { stage }, 0);
  metrics.count('records', { stage, outcome: 'dead-letter' }, 0);
  metrics.count('records_dropped', { stage, reason: 'reproduced' }, 0);
}

/** The partitions that this instance owns, as they are at this moment. */
export function setPartitionMetrics(
  metrics: Metrics,
  stage: string,
  partitions: readonly PartitionStatus[],
  now: number,
): void {
  for (const state of gauges.partitions.labels.state) {
    metrics.set('partitions', { stage, state }, partitions.filter((partition) => partition.state === state).length);
  }
  for (const { partition, unsavedSince } of partitions) {
    const age = unsavedSince === null ? 0 : Math.max(0, now - unsavedSince) / 1_000;
    metrics.set('checkpoint_age_seconds', { stage, partition: String(partition) }, age);
  }
}
