export * from './run-alone.ts';
export * from './read-settings.ts';
export * from './service.ts';
export * from './settings.ts';
export { CannotStart, stagesOnly, start } from './start.ts';
export type { Running, StartOptions } from './start.ts';
export * from './platform/digests.ts';
export * from './platform/opaque-key.ts';
export * from './platform/platform.ts';
