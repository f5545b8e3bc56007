export * from './channel-suite.ts';
export * from './http-counterpart.ts';
