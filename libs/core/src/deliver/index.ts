export * from './allowance-now.ts';
export * from './deliver-stage.ts';
export * from './job.ts';
export * from './ledger-chain.ts';
export * from './retry-schedule.ts';
