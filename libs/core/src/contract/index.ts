export * from './paired.ts';
export * from './vocabulary.ts';
export * from './transaction.ts';
export * from './account-event.ts';
export * from './problems-of.ts';
export * from './json-schema.ts';
