import type { TopicSpec } from '@tocsin/core';
import type { KafkaLogOptions } from './kafka-log-options.ts';

export interface TopicSettings {
  readonly topic: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configEntries: readonly { readonly name: string; readonly value: string }[];
}

/** A topic of ours as Kafka is told to make it. LogAppendTime: one clock, and the same time on every reading. */
export function topicSettings(spec: TopicSpec, options: KafkaLogOptions): TopicSettings {
  const entries = {
    'cleanup.policy': spec.cleanup,
    'retention.ms': spec.retentionMs ?? -1,
    'message.timestamp.type': 'LogAppendTime',
    ...(options.minInsyncReplicas === undefined ? {} : { 'min.insync.replicas': options.minInsyncReplicas }),
    ...(options.maxRecordBytes === undefined ? {} : { 'max.message.bytes': options.maxRecordBytes }),
    // A broker that is behind must not become leader: it would cut off what was acknowledged.
    'unclean.leader.election.enable': 'false',
  };
  return {
    topic: spec.name,
    numPartitions: spec.partitions,
    replicationFactor: options.replicationFactor ?? -1,
    configEntries: Object.entries(entries).map(([name, value]) => ({ name, value: String(value) })),
  };
}
