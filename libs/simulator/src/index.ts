export * from './providers/index.ts';
export * from './bank/bank-transaction.ts';
export * from './bank/world.ts';
