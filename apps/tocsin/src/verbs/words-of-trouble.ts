import { LogError } from '@tocsin/core';
import type { Logger } from '@tocsin/nest';
import { causesOf } from '@tocsin/services';
import type { Settings } from '@tocsin/services';

/** Beneath an error of the log stands which broker was asked; where it does not, these were. */
function ofLog(error: LogError, { kafka, sources }: Settings): string {
  const causes = causesOf(error);
  const brokers = [...new Set([kafka, ...sources.map((source) => source.kafka)].flatMap((one) => one?.brokers ?? []))];
  const named = brokers.some((broker) => causes.some((cause) => cause.includes(broker)));
  const asked = named || brokers.length === 0 ? [] : [`Asked was ${brokers.join(', ')}.`];
  return [error.message, ...asked, ...causes.map((cause) => (/[.!?]$/.test(cause) ? cause : `${cause}.`))].join(' ');
}

function placeOf({ host, port, sentinel, cluster }: NonNullable<Settings['redis']>): string {
  if (cluster !== undefined) return `the Cluster at ${cluster.nodes.join(', ')}`;
  if (sentinel !== undefined) return `${sentinel.primary} of the Sentinels at ${sentinel.nodes.join(', ')}`;
  return `${host}:${port}`;
}

/**
 * What to say of an error to whoever ran a command: of one of Kafka or Redis also where it was asked, and what became of it.
 * Redis tells why a connection fails only once, to the logger.
 */
export class WordsOfTrouble {
  readonly #settings: Settings;
  #redis: string | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** A logger that listens to what Redis says, and passes everything on. */
  hearing(logger: Logger): Logger {
    return {
      ...logger,
      warn: (message, fields = {}) => {
        const { reason } = fields as { readonly reason?: unknown };
        if (message.startsWith('Redis is not reachable') && typeof reason === 'string') this.#redis = reason;
        logger.warn(message, fields);
      },
    };
  }

  of(error: unknown): string {
    if (error instanceof LogError && error.code === 'UNAVAILABLE') return ofLog(error, this.#settings);
    if (error instanceof Error && error.name === 'RedisError') return this.#ofRedis(error);
    return error instanceof Error ? error.message : String(error);
  }

  #ofRedis({ message }: Error): string {
    const { redis } = this.#settings;
    const asked = redis === undefined ? '' : ` Asked was ${placeOf(redis)}`;
    if (this.#redis === undefined) return asked === '' ? message : `${message}.${asked}.`;
    // What the client says of a command that it could not even send tells nobody anything.
    if (this.#redis !== 'ReplyError') return `Redis is not available.${asked}: ${this.#redis}.`;
    return `Redis is not available.${asked}: it answers, and refuses us. Look at username, password and what the user may do.`;
  }
}
