import { partitionOf } from '@tocsin/core';
import type { Appending, DeadLetter, LogRecord, Output } from '@tocsin/core';
import { deadLetterHeaders, maxOutputBytes, ofOutput, ofRecord, ofTimer } from './dead-letter.ts';
import type { DeadLetterPlace } from './dead-letter.ts';
import { EngineError } from './engine-error.ts';
import { formatProvenance, provenanceHeader } from './provenance.ts';

export interface OutboxOptions {
  readonly stage: string;
  /** Who appends: the part of the provenance before the `@`. */
  readonly source: string;
  /** How many partitions each topic has. */
  readonly partitions: Readonly<Record<string, number>>;
  readonly deadLettersTopic: string | undefined;
  /** Outputs of records below this offset are made and counted, but not written. */
  readonly mutedBelow: number;
}

const traceHeader = 'traceparent';

/** The outputs of one slice, in the order in which they were made, ready to be appended. */
export class Outbox {
  readonly #options: OutboxOptions;
  #records: Appending[] = [];
  #record: LogRecord | undefined;
  #index = 0;
  #muted = false;
  bytes = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** From now on outputs are those of this record; their index counts from 0. */
  begin(record: LogRecord): void {
    this.#record = record;
    this.#index = 0;
    this.#muted = record.offset < this.#options.mutedBelow;
  }

  get count(): number {
    return this.#records.length;
  }

  take(): readonly Appending[] {
    const taken = this.#records;
    this.#records = [];
    this.bytes = 0;
    return taken;
  }

  emit(output: Output): void {
    const { topic, key, partition, headers } = output;
    const count = this.#options.partitions[topic];
    if (count === undefined) {
      throw new EngineError('OUTPUT_TOPIC_UNKNOWN', `The partition count of topic ${topic} is not configured.`);
    }
    const value = encoded(output.value);
    if (value !== null) {
      // A UTF-16 unit is at most three bytes of UTF-8: most texts need not be measured exactly.
      const size =
        typeof value === 'string' && 3 * value.length > maxOutputBytes ? Buffer.byteLength(value) : value.length;
      if (size > maxOutputBytes) {
        this.#deadLetter((place) => ofOutput(place, output, value, size), key);
        return;
      }
      this.bytes += size;
    }
    const { rawKey = key } = output;
    this.#push(topic, partition ?? partitionOf(key, count), rawKey, value, headers);
  }

  /** The dead letter of the record at hand. */
  recordFailed(kind: 'step-failed' | 'unreadable', reason: string): void {
    this.#deadLetter((place) => ofRecord(place, kind, reason), this.#record!.key);
  }

  timerFailed(reason: string): void {
    this.#deadLetter((place) => ofTimer(place, reason), null);
  }

  #deadLetter(make: (place: DeadLetterPlace) => DeadLetter, key: string | Uint8Array | null): void {
    const { stage, source, deadLettersTopic, partitions } = this.#options;
    const count = deadLettersTopic === undefined ? undefined : partitions[deadLettersTopic];
    if (deadLettersTopic === undefined || count === undefined) {
      throw new EngineError('DEAD_LETTERS_TOPIC_MISSING', 'There is no topic for what cannot be processed.');
    }
    const record = this.#record!;
    const place = { id: formatProvenance(source, record.offset, this.#index), stage, record };
    const partition = key === null ? record.partition % count : partitionOf(key, count);
    this.#push(deadLettersTopic, partition, key, JSON.stringify(make(place)), deadLetterHeaders(place));
  }

  #push(
    topic: string,
    partition: number,
    key: string | Uint8Array | null,
    value: string | Uint8Array | null,
    headers: Readonly<Record<string, string | Uint8Array>> | undefined,
  ): void {
    const record = this.#record!;
    const provenance = formatProvenance(this.#options.source, record.offset, this.#index++);
    if (this.#muted) return;
    const trace = record.headers[traceHeader];
    this.#records.push({
      topic,
      partition,
      key,
      value,
      headers:
        headers === undefined && trace === undefined
          ? { [provenanceHeader]: provenance }
          : { ...(trace === undefined ? {} : { [traceHeader]: trace }), ...headers, [provenanceHeader]: provenance },
    });
  }
}

const encoded = (value: Output['value']): string | Uint8Array | null =>
  value === null || typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value);
