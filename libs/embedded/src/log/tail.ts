import type { LogRecord } from '@tocsin/core';

/** Recent records of a partition, for the readers that keep up: those need not go to the file. Offsets have no gaps. */
export class Tail {
  readonly #limit: number;
  #records: LogRecord[] = [];
  #sizes: number[] = [];
  #head = 0;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  push(record: LogRecord, size: number): void {
    this.#records.push(record);
    this.#sizes.push(size);
    this.#bytes += size;
    while (this.#bytes > this.#limit) this.#bytes -= this.#sizes[this.#head++]!;
    if (this.#head > 1_024 && this.#head * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Records from this offset on; undefined where the offset is no longer, or not yet, held. At least one. */
  read(from: number, maxRecords: number, maxBytes: number): readonly LogRecord[] | undefined {
    const first = this.#records[this.#head];
    if (first === undefined || from < first.offset) return undefined;
    const begin = this.#head + (from - first.offset);
    if (begin >= this.#records.length) return undefined;
    let end = begin;
    for (let bytes = 0; end < this.#records.length && end - begin < maxRecords; end++) {
      bytes += this.#sizes[end]!;
      if (bytes > maxBytes && end > begin) break;
    }
    return this.#records.slice(begin, end);
  }
}
