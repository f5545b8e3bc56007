export * from './channel-suite.ts';
export * from './http-counterpart.ts';
export * from './log-suite.ts';
export * from './state-suite.ts';
export * from './barrier-suite.ts';
