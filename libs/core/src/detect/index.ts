export * from './account-state.ts';
export * from './rule-sets.ts';
export * from './conflict.ts';
export * from './detect-stage.ts';
