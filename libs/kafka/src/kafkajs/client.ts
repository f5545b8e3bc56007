import { Kafka, logLevel } from 'kafkajs';
import type { LogEntry, SASLOptions } from 'kafkajs';
import { defaultConnectionTimeoutMs, defaultRequestTimeoutMs } from '../kafka-log-options.ts';
import type { KafkaLogOptions, KafkaReports } from '../kafka-log-options.ts';
import './idle-request-queue.ts';

/** Retries inside the client are few: what fails is reported, and whoever knows the whole decides what to do again. */
export const quickRetry = {
  retries: 2,
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  factor: 0.2,
  multiplier: 2,
} as const;

// kafkajs puts whole assignments, stacks and buffers into its entries; only what names the trouble is let through.
const report =
  (reports: KafkaReports | undefined) =>
  ({ namespace, label, log }: LogEntry): void => {
    if (reports === undefined) return;
    const { message, broker, groupId, topic, partition, error } = log as Record<string, unknown>;
    const fields = { client: namespace, level: label, report: message, broker, groupId, topic, partition, error };
    reports.warn(
      'The Kafka client reports trouble.',
      Object.fromEntries(
        Object.entries(fields).filter(([, value]) => typeof value === 'string' || typeof value === 'number'),
      ),
    );
  };

/**
 * A new client. Every subscription has one of its own: within one client, kafkajs keeps the offsets of a group in one
 * table, and a second consumer of the same group would clear the first one's.
 */
export const client = (options: KafkaLogOptions): Kafka =>
  new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: { ...options.sasl } as SASLOptions }),
    connectionTimeout: options.connectionTimeoutMs ?? defaultConnectionTimeoutMs,
    requestTimeout: options.requestTimeoutMs ?? defaultRequestTimeoutMs,
    retry: quickRetry,
    logLevel: options.reports === undefined ? logLevel.NOTHING : logLevel.WARN,
    logCreator: () => report(options.reports),
  });
