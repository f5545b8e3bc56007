import type { Appending, LogRecord } from '../ports/log.ts';
import type { Instant } from '../time.ts';
import { redriveHeaders, rejectHeaders } from './rejected.ts';

const text = ({ headers }: LogRecord, name: string): string => {
  const bytes = headers[name];
  return bytes === undefined ? '' : new TextDecoder().decode(bytes);
};

/** Where the bank's record stood, of which this one on `rejected` was made. */
export const originOf = (rejected: LogRecord): string =>
  [rejectHeaders.topic, rejectHeaders.partition, rejectHeaders.offset].map((name) => text(rejected, name)).join('/');

/** The place of the record of which this one is a repetition; undefined where it is none. */
export const redriveOfOrigin = (record: LogRecord): string | undefined => text(record, redriveHeaders.of) || undefined;

const isTime = (digits: string): boolean => /^[0-9]{1,15}$/.test(digits);

/** When the bank first sent it. A header can only make it older: whoever writes to a bank's topic gains nothing by one. */
export function sentAt(record: LogRecord): Instant {
  const first = text(record, redriveHeaders.sentAt);
  return isTime(first) ? Math.min(Number(first), record.timestamp) : record.timestamp;
}

/** What is sent through again for a rejected record, marked as that. */
export function markedRedrive(again: Appending, rejected: LogRecord): Appending {
  const first = text(rejected, redriveHeaders.sentAt) || text(rejected, rejectHeaders.timestamp);
  const marks = {
    [redriveHeaders.of]: originOf(rejected),
    ...(isTime(first) ? { [redriveHeaders.sentAt]: first } : {}),
  };
  return { ...again, headers: { ...again.headers, ...marks } };
}
