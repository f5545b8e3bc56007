export * from './kafka-log-options.ts';
export { kafkaLog } from './kafka-log.ts';
