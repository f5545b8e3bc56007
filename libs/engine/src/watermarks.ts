import { decodeEntry, encodeEntry } from './entry-codec.ts';
import type { Provenance } from './provenance.ts';

/** The newest sequence taken from one source; whatever is not above it was written again by a replay. */
export interface Watermark {
  readonly source: string;
  offset: number;
  index: number;
  dirty: boolean;
}

export const watermarkPrefix = '!w:';

/** The watermarks of one partition, kept as resident entries `!w:<source>` with the value [offset, index]. */
export class Watermarks {
  readonly #bySource = new Map<string, Watermark>();
  #dirty: Watermark[] = [];

  get dirtyCount(): number {
    return this.#dirty.length;
  }

  load(key: string, bytes: Uint8Array): void {
    const source = key.slice(watermarkPrefix.length);
    const [offset, index] = decodeEntry<[number, number]>(bytes) ?? [-1, -1];
    this.#bySource.set(source, { source, offset, index, dirty: false });
  }

  /** The watermark of a source; one not heard of before stands below everything. */
  of(source: string): Watermark {
    let watermark = this.#bySource.get(source);
    if (watermark === undefined) {
      watermark = { source, offset: -1, index: -1, dirty: false };
      this.#bySource.set(source, watermark);
    }
    return watermark;
  }

  raise(watermark: Watermark, { offset, index }: Provenance): void {
    watermark.offset = offset;
    watermark.index = index;
    if (!watermark.dirty) {
      watermark.dirty = true;
      this.#dirty.push(watermark);
    }
  }

  drainInto(entries: Map<string, Uint8Array | null>): void {
    for (const watermark of this.#dirty) {
      watermark.dirty = false;
      entries.set(watermarkPrefix + watermark.source, encodeEntry([watermark.offset, watermark.index]));
    }
    this.#dirty = [];
  }
}

export const isAbove = ({ offset, index }: Provenance, watermark: Watermark): boolean =>
  offset > watermark.offset || (offset === watermark.offset && index > watermark.index);
