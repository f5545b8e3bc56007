import type { KafkaReports } from '../kafka-log-options.ts';

/** Tells once that Kafka was lost, and again only after it was found meanwhile. */
export class Outage {
  readonly #reports: KafkaReports | undefined;
  readonly #message: string;
  readonly #fields: Readonly<Record<string, unknown>>;
  #told = false;

  constructor(reports: KafkaReports | undefined, message: string, fields: Readonly<Record<string, unknown>>) {
    this.#reports = reports;
    this.#message = message;
    this.#fields = fields;
  }

  away(error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    const reason = error instanceof Error ? error.message : 'unknown';
    this.#reports?.warn(this.#message, { ...this.#fields, reason });
  }

  over(): void {
    this.#told = false;
  }
}
