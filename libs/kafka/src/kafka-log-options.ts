import type { KafkaConfig } from 'kafkajs';

/** Where a subscription and a client report what an operator may want to know. Messages are constant; details are fields. */
export interface KafkaReports {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface KafkaLogOptions {
  /** `host:port` of some brokers of the cluster. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: NonNullable<KafkaConfig['ssl']>;
  readonly sasl?: NonNullable<KafkaConfig['sasl']>;
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
