import { LogError } from '@tocsin/core';
import type { LogErrorCode } from '@tocsin/core';

const codes: Readonly<Record<string, LogErrorCode>> = {
  MESSAGE_TOO_LARGE: 'TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'TOO_LARGE',
  UNKNOWN_TOPIC_OR_PARTITION: 'UNKNOWN_TOPIC',
  INVALID_TOPIC_EXCEPTION: 'UNKNOWN_TOPIC',
};

const sentences: Readonly<Record<LogErrorCode, string>> = {
  BEFORE_START: 'The offset lies before the first record that is kept.',
  BEYOND_END: 'The offset lies beyond the end of the log.',
  RECREATED: 'The topic was deleted and created again.',
  UNKNOWN_TOPIC: 'The topic or partition does not exist.',
  TOO_LARGE: 'A record is larger than the log takes.',
  UNAVAILABLE: 'Kafka did not answer as expected; whether an append happened is not known.',
  CLOSED: 'The log is closed.',
};

export const logError = (code: LogErrorCode, cause?: unknown): LogError =>
  new LogError(code, sentences[code], cause === undefined ? undefined : { cause });

/** The protocol error (`MESSAGE_TOO_LARGE` …) somewhere in the chain of causes; kafkajs wraps it once or twice. */
export function protocolError(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    const type = (current as { readonly type?: unknown }).type;
    if (typeof type === 'string') return type;
    current = current.cause;
  }
  return undefined;
}

/** Whatever kafkajs threw, in the words of the port. What is not known to be definite is UNAVAILABLE. */
export function asLogError(error: unknown): LogError {
  if (error instanceof LogError) return error;
  const type = protocolError(error);
  return logError((type === undefined ? undefined : codes[type]) ?? 'UNAVAILABLE', error);
}
