import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';

/** A constant message with data in fields. Never content of a record: accounts and customers appear as keyed hashes only. */
export interface Logger {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
  debug(message: string, fields?: object): void;
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const wrap = (target: PinoLogger): Logger => ({
  info: (message, fields = {}) => target.info(fields, message),
  warn: (message, fields = {}) => target.warn(fields, message),
  error: (message, fields = {}) => target.error(fields, message),
  debug: (message, fields = {}) => target.debug(fields, message),
});

/** Names of fields whose values never reach a log, wherever they stand. */
const secret = ['token', 'password', 'secret', 'authorization', 'appSecret', 'accessToken', 'authToken', 'apiKey'];

/** JSON lines on standard error, so that standard output stays free for what a command prints. */
export function openLogger(service: string, level: LogLevel): Logger {
  const paths = secret.flatMap((name) => [name, `*.${name}`]);
  return wrap(
    pino(
      { level, base: { service }, redact: { paths, censor: '[redacted]' }, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: 2, sync: true }),
    ),
  );
}

export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

/** Nest's own lines: only what went wrong. */
export const nestLogger = (logger: Logger): LoggerService => ({
  log: () => {},
  warn: (message: unknown) => logger.warn(String(message)),
  error: (message: unknown) => logger.error(message instanceof Error ? message.message : String(message)),
});
