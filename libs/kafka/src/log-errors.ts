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

export function logError(code: LogErrorCode, cause?: unknown): LogError {
  const name = code === 'UNAVAILABLE' ? protocolError(cause) : undefined;
  // A missing ACL, too few replicas in sync: what Kafka calls it tells an operator what to do.
  const sentence = name === undefined ? sentences[code] : `${sentences[code]} Kafka says ${name}.`;
  return new LogError(code, sentence, cause === undefined ? undefined : { cause });
}

/**
 * The protocol error (`MESSAGE_TOO_LARGE` …) somewhere in an error of a client: kafkajs names it `type` and wraps it once
 * or twice as a cause; @platformatic/kafka names it `apiId` and lists one for each partition that was refused.
 */
export function protocolError(error: unknown, depth = 5): string | undefined {
  if (!(error instanceof Error) || depth === 0) return undefined;
  const { type, apiId } = error as { readonly type?: unknown; readonly apiId?: unknown };
  if (typeof apiId === 'string') return apiId;
  if (typeof type === 'string') return type;
  const parts: unknown = (error as { readonly errors?: unknown }).errors;
  for (const part of Array.isArray(parts) ? (parts as unknown[]) : []) {
    const found = protocolError(part, depth - 1);
    if (found !== undefined) return found;
  }
  return protocolError(error.cause, depth - 1);
}

/** A refusal by its name in the protocol. */
export const refused = (name: string): LogError =>
  logError(codes[name] ?? 'UNAVAILABLE', Object.assign(new Error(name), { type: name }));

/** Whatever a client threw, in the words of the port. What is not known to be definite is UNAVAILABLE. */
export function asLogError(error: unknown): LogError {
  if (error instanceof LogError) return error;
  const type = protocolError(error);
  return logError((type === undefined ? undefined : codes[type]) ?? 'UNAVAILABLE', error);
}
