export * from './accept-log.ts';
export * from './diagnosis.ts';
export * from './installed-stages.ts';
export * from './retry-requests.ts';
