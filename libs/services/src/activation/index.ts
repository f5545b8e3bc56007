export * from './activate.ts';
export * from './documents.ts';
export * from './in-force.ts';
