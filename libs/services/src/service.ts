import type { Provider, Type } from '@nestjs/common';
import type { Dependencies, Feed, Logger, Metrics } from '@tocsin/nest';
import type { Platform } from './platform/platform.ts';
import type { Settings } from './settings.ts';

/** What every service is made from. */
export interface ServiceContext {
  readonly settings: Settings;
  readonly platform: Platform;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly dependencies: Dependencies;
}

/** One service, ready to be put into a process: the stages it runs, the handlers that take their batches. */
export interface Service {
  readonly name: ServiceName;
  readonly feeds: readonly Feed[];
  readonly controllers: readonly Type[];
  readonly providers?: readonly Provider[];
  /** Closed after the stages have drained. */
  readonly close?: () => Promise<void>;
}

export const serviceNames = ['ingest', 'detect', 'alert', 'deliver', 'gateway'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** The port of each service when it runs alone; in one process, everything is on the gateway's. */
export const defaultPorts: Readonly<Record<ServiceName, number>> = {
  gateway: 8080,
  ingest: 8081,
  detect: 8082,
  alert: 8083,
  deliver: 8084,
};
