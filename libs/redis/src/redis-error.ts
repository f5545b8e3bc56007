export type RedisErrorCode =
  /** Redis could not be reached or did not answer in time; whether the command took effect is not known. */
  | 'UNAVAILABLE'
  /** Redis refused the command: out of memory, not permitted, read-only, too few replicas. Nothing was written. */
  | 'REFUSED'
  /** Written, but fewer replicas confirmed it in time than are demanded. */
  | 'REPLICAS_MISSING'
  /** The options cannot work. */
  | 'MISCONFIGURED';

/**
 * What goes wrong with Redis. It carries the words of the server, never the arguments of the command: those are state
 * of customers, and errors are logged.
 */
export class RedisError extends Error {
  constructor(
    readonly code: RedisErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'RedisError';
  }
}

/** The client attaches the whole command to its errors; only name and words are carried on. */
export function redisError(error: unknown): RedisError {
  if (error instanceof RedisError) return error;
  if (!(error instanceof Error)) return new RedisError('UNAVAILABLE', 'Redis failed.');
  return error.name === 'ReplyError'
    ? new RedisError('REFUSED', `Redis refused: ${error.message}`)
    : new RedisError('UNAVAILABLE', `Redis is not available: ${error.message}`);
}
