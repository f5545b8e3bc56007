export * from './accept-log.ts';
export * from './diagnosis.ts';
export { everyRecord } from './every-record.ts';
export * from './installed-stages.ts';
export * from './recover.ts';
export * from './redrive-letter.ts';
export * from './retry-requests.ts';
export * from './until-reachable.ts';
