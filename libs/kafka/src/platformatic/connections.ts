import { isIP } from 'node:net';
import { Connection } from '@platformatic/kafka';
import type { Broker, SASLMechanismValue } from '@platformatic/kafka';
import { logError } from '../log-errors.ts';
import { defaultConnectionTimeoutMs, defaultRequestTimeoutMs } from '../kafka-log-options.ts';
import type { KafkaLogOptions } from '../kafka-log-options.ts';

/**
 * One connection to each broker, made when first asked for and again after a failure. A broker answers the requests of
 * a connection one after the other, so whatever may wait long (a fetch, a join) has connections of its own.
 */
export class Connections {
  readonly #options: KafkaLogOptions;
  readonly #requestTimeoutMs: number;
  readonly #open = new Map<string, Promise<Connection>>();
  readonly #all = new Set<Connection>();
  #closed = false;

  constructor(options: KafkaLogOptions, requestTimeoutMs?: number) {
    this.#options = options;
    this.#requestTimeoutMs = requestTimeoutMs ?? options.requestTimeoutMs ?? defaultRequestTimeoutMs;
  }

  /** @throws LogError CLOSED; the client's errors */
  to(broker: Broker): Promise<Connection> {
    if (this.#closed) return Promise.reject(logError('CLOSED'));
    const name = `${broker.host}:${broker.port}`;
    let opening = this.#open.get(name);
    if (opening === undefined) {
      const forget = (): void => void (this.#open.get(name) === opening && this.#open.delete(name));
      opening = this.#connect(broker, forget);
      this.#open.set(name, opening);
      opening.catch(forget);
    }
    return opening;
  }

  /** What is under way on it fails. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#open.clear();
    await Promise.all([...this.#all].map((connection) => connection.close().catch(() => undefined)));
  }

  async #connect({ host, port }: Broker, forget: () => void): Promise<Connection> {
    const { clientId, ssl, sasl, connectionTimeoutMs = defaultConnectionTimeoutMs } = this.#options;
    const connection = new Connection(clientId, {
      connectTimeout: connectionTimeoutMs,
      requestTimeout: this.#requestTimeoutMs,
      // The name is checked against the certificate, and tells a server of many names which one is meant.
      ...(ssl === undefined || ssl === false
        ? {}
        : { tls: { ...(isIP(host) === 0 ? { servername: host } : {}), ...(ssl === true ? {} : ssl) } }),
      ...(sasl === undefined
        ? {}
        : { sasl: { ...sasl, mechanism: sasl.mechanism.toUpperCase() as SASLMechanismValue } }),
    });
    const gone = (): void => {
      forget();
      this.#all.delete(connection);
    };
    // Also keeps an error that nobody waits for from ending the process.
    connection.on('error', gone);
    connection.on('close', gone);
    this.#all.add(connection);
    try {
      await connection.connect(host, port);
    } catch (error) {
      gone();
      throw error;
    }
    if (this.#closed) {
      await connection.close().catch(() => undefined);
      throw logError('CLOSED');
    }
    return connection;
  }
}
