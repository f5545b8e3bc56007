import type { Span } from '@tocsin/core';
import type { EngineErrorCode, ReplayCause } from './engine-error.ts';

/** Where the engine's numbers go. Every call is cheap and must not throw; counts come per slice, not per record. */
export interface EngineMetrics {
  /** `tocsin_records_total{stage,outcome}` */
  records(stage: string, outcome: 'processed' | 'tick' | 'dead-letter', count: number): void;
  /** `tocsin_records_dropped_total{stage,reason}`: written again by a replay upstream, or handed over again by the log. */
  dropped(stage: string, reason: 'reproduced' | 'already-consumed', count: number): void;
  /** Outputs acknowledged, re-productions included. */
  outputs(stage: string, count: number): void;
  /** A checkpoint was saved. */
  checkpoint(stage: string, partition: number, tookMs: Span, entries: number, bytes: number): void;
  /** Another owner took the slot. */
  fenced(stage: string, partition: number): void;
  /** The memory of a partition was thrown away; it is acquired again and replayed. */
  replayed(stage: string, partition: number, cause: ReplayCause): void;
  /** A partition stands still until a person decides; null: it goes on. */
  stopped(stage: string, partition: number, reason: EngineErrorCode | null): void;
  /** `tocsin_lag_records`, `tocsin_lag_seconds` */
  lag(stage: string, partition: number, records: number, seconds: number): void;
  /** The partition is no longer this instance's: whatever was set for it no longer holds here. */
  left(stage: string, partition: number): void;
  /** Decisions counted by the stage, summed up over a slice: `tocsin_<name>_total{labels}`. */
  count(name: string, labels: Readonly<Record<string, string>>, by: number): void;
}

const nothing = (): void => {};

export const noMetrics: EngineMetrics = {
  records: nothing,
  dropped: nothing,
  outputs: nothing,
  checkpoint: nothing,
  fenced: nothing,
  replayed: nothing,
  stopped: nothing,
  lag: nothing,
  left: nothing,
  count: nothing,
};

/** Where the engine's few lines go: a constant message, with data in fields. Never the content of a record. */
export interface EngineLogger {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export const noLogger: EngineLogger = { info: nothing, warn: nothing, error: nothing };
