export * from './configuration.ts';
export * from './engine-metrics.ts';
export * from './log-transport.ts';
export * from './logging.ts';
export * from './metrics.ts';
export * from './operations.ts';
export * from './release-memory.ts';
export * from './shutdown.ts';
