export * from './embedded.ts';
export { FolderTaken } from './folder-hold.ts';
export { maxRecordBytes } from './log/log-core.ts';
