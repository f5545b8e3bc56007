export * from './provision/addresses.ts';
export * from './provision/free-port.ts';
export * from './provision/guarded-process.ts';
export * from './provision/start-kafka.ts';
export * from './provision/start-redis.ts';
export * from './provision/tool.ts';
export * from './provision/wait-until.ts';
export * from './rules/index.ts';
