import type { ConnectionOptions } from 'node:tls';

/** Where a subscription and a client report what an operator may want to know. Messages are constant; details are fields. */
export interface KafkaReports {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export const kafkaClients = ['kafkajs', 'platformatic'] as const;

/** Which library speaks to Kafka. Both keep the same contract; members of one group may even differ in it. */
export type KafkaClient = (typeof kafkaClients)[number];

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface KafkaLogOptions {
  /** Default kafkajs. `platformatic` needs Apache Kafka 3.1 or newer. */
  readonly client?: KafkaClient;
  /** `host:port` of some brokers of the cluster. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** TLS; `true` for the system's certificates. */
  readonly ssl?: ConnectionOptions | boolean;
  readonly sasl?: KafkaSasl;
  /** Of topics created here. Default: the broker's own. In production 3. */
  readonly replicationFactor?: number;
  /** Of topics created here. Default: the broker's own. In production 2. */
  readonly minInsyncReplicas?: number;
  /** `max.message.bytes` of topics created here. Default: the broker's own, 1 MiB. */
  readonly maxRecordBytes?: number;
  /** How long one request may take before its outcome counts as unknown. Default 10 s. */
  readonly requestTimeoutMs?: number;
  /** Default 2 s. */
  readonly connectionTimeoutMs?: number;
  /** Default: silence. */
  readonly reports?: KafkaReports;
}

export const defaultRequestTimeoutMs = 10_000;
export const defaultConnectionTimeoutMs = 2_000;
/** How long a member of a group may be silent. */
export const defaultSessionMs = 10_000;

/**
 * From one heartbeat to the next. Kafka's advice is at most a third of the session. A survivor learns of a rebalance by its
 * next heartbeat, so with a third a killed member's partitions stand still for up to a third longer than its session.
 */
export const heartbeatMs = (sessionMs: number): number => Math.floor(sessionMs / 8);
