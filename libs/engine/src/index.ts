export { StageRunner, runStage, verifyTopics } from './stage-runner.ts';
export type { RunningStage } from './stage-runner.ts';
export { defaultLimits } from './engine-options.ts';
export type { EngineLimits, StageRunnerOptions, StartAt } from './engine-options.ts';
export type { PartitionState, PartitionStatus } from './partition-status.ts';
export { EngineError } from './engine-error.ts';
export type { EngineErrorCode, ReplayCause } from './engine-error.ts';
export { noLogger, noMetrics } from './engine-metrics.ts';
export type { EngineLogger, EngineMetrics } from './engine-metrics.ts';
export { systemClock } from './engine-clock.ts';
export type { EngineClock } from './engine-clock.ts';
export { acceptNewLog } from './accept-new-log.ts';
export type { AcceptNewLog } from './accept-new-log.ts';
export { SlotInUse, SlotRebuilding } from './rebuild-slot.ts';
export type { RebuildSlot } from './rebuild-slot.ts';
export { markIn, recoveryKey } from './recovery-mark.ts';
export type { RecoveryMark } from './recovery-mark.ts';
export { decodeEntry, encodeEntry, entryExpiry, entryFormat, maxEntryBytes } from './entry-codec.ts';
export { formatProvenance, parseProvenance, provenanceHeader, sourceOf } from './provenance.ts';
export type { Provenance } from './provenance.ts';
export { fingerprintOf, fits } from './fingerprint.ts';
export { isTick, tick, tickHeader } from './tick.ts';

/* The simulation: log and store in memory, hosts that fail at any step, and an oracle. For tests, here and elsewhere. */
export * from './simulation/index.ts';
