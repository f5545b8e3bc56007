import type { Log, LogRecord } from '@tocsin/core';
import { everyRecord } from '@tocsin/services';
import { UsageError } from './with-platform.ts';

/** What is not there must not look like what is empty. @throws UsageError */
export async function mustExist(log: Log, topic: string): Promise<void> {
  if ((await log.facts(topic)) !== undefined) return;
  throw new UsageError(
    `The topic ${topic} does not exist: look whether the configuration names the right installation; "tocsin topics create" makes what is missing.`,
  );
}

/** Every record that stands on a topic now. @throws UsageError where the topic does not exist */
export async function* readTopic(log: Log, topic: string): AsyncGenerator<LogRecord> {
  await mustExist(log, topic);
  yield* everyRecord(log, topic);
}

export const headerText = (record: LogRecord, name: string): string | undefined => {
  const value = record.headers[name];
  return value === undefined ? undefined : new TextDecoder().decode(value);
};
