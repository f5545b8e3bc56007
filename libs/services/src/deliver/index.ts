export { Breaker, defaultBreakerLimits } from './breaker.ts';
export type { BreakerLimits } from './breaker.ts';
export { deliveryCompanion } from './executor.ts';
export { executorClock } from './executor-clock.ts';
export type { ExecutorClock } from './executor-clock.ts';
export { defaultExecutorLimits } from './executor-options.ts';
export type { ExecutorLimits, ExecutorLogger, ExecutorOptions, MetricsSink } from './executor-options.ts';
