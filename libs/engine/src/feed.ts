import type { LogRecord, Stage } from '@tocsin/core';
import { isTick } from './tick.ts';
import { parseProvenance, provenanceHeader } from './provenance.ts';
import type { Provenance } from './provenance.ts';
import { isAbove } from './watermarks.ts';
import type { Watermark, Watermarks } from './watermarks.ts';

/** A record, read but not yet applied. Nothing of the state was touched for it. */
export interface Prepared<In> {
  readonly kind: 'record' | 'tick' | 'unreadable' | 'reproduced';
  readonly provenance: Provenance | undefined;
  readonly watermark: Watermark | undefined;
  readonly input: In | undefined;
  readonly keys: readonly string[];
  /** Why it is unreadable. */
  readonly error: unknown;
}

const noKeys: readonly string[] = [];

/** The records of one partition that the log handed over, and how far they were consumed. */
export class Feed<In> {
  readonly records: readonly LogRecord[];
  readonly #prepared: (Prepared<In> | undefined)[];
  readonly #stage: Stage<In>;
  readonly #watermarks: Watermarks;
  /** The next one to consume. */
  at = 0;

  constructor(records: readonly LogRecord[], stage: Stage<In>, watermarks: Watermarks) {
    this.records = records;
    this.#stage = stage;
    this.#watermarks = watermarks;
    this.#prepared = new Array<Prepared<In> | undefined>(records.length);
  }

  get done(): boolean {
    return this.at >= this.records.length;
  }

  prepared(i: number): Prepared<In> {
    return (this.#prepared[i] ??= this.#prepare(this.records[i]!));
  }

  /** Consumed: what was read for it is no longer needed. */
  advance(): void {
    this.#prepared[this.at] = undefined;
    this.at++;
  }

  #prepare(record: LogRecord): Prepared<In> {
    const foreign = this.#stage.foreignInput === true;
    const header = foreign ? undefined : record.headers[provenanceHeader];
    let provenance: Provenance | undefined;
    let watermark: Watermark | undefined;
    if (header !== undefined) {
      provenance = parseProvenance(header);
      if (provenance === undefined) return unreadable(undefined, undefined, new Error('The provenance is malformed.'));
      watermark = this.#watermarks.of(provenance.source);
      // Watermarks only rise, so what is below one now will still be below it when its turn comes.
      if (!isAbove(provenance, watermark)) {
        return { kind: 'reproduced', provenance, watermark, input: undefined, keys: noKeys, error: undefined };
      }
    }
    if (!foreign && isTick(record))
      return { kind: 'tick', provenance, watermark, input: undefined, keys: noKeys, error: undefined };
    try {
      const input = this.#stage.decode(record);
      return { kind: 'record', provenance, watermark, input, keys: this.#stage.keys(input), error: undefined };
    } catch (error) {
      return unreadable(provenance, watermark, error);
    }
  }
}

const unreadable = (
  provenance: Provenance | undefined,
  watermark: Watermark | undefined,
  error: unknown,
): Prepared<never> => ({ kind: 'unreadable', provenance, watermark, input: undefined, keys: noKeys, error });
