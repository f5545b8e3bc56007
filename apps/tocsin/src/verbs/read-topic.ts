import type { LogRecord } from '@tocsin/core';

export { everyRecord as readTopic } from '@tocsin/services';

export const headerText = (record: LogRecord, name: string): string | undefined => {
  const value = record.headers[name];
  return value === undefined ? undefined : new TextDecoder().decode(value);
};
