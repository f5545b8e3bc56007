export * from './source.ts';
export * from './rejected.ts';
export * from './redrive.ts';
export * from './redrive-mark.ts';
export * from './ingest-record.ts';
export * from './ingest-stage.ts';
