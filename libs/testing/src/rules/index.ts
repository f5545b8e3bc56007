export * from './clock.ts';
export * from './pay.ts';
export * from './given.ts';
export * from './rule-files.ts';
