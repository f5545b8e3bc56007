import type { Appended, Instant, PartitionView } from '@tocsin/core';
import { Fenced, Lost } from './engine-error.ts';
import { decodeEntry } from './entry-codec.ts';
import type { PartitionRun } from './partition-run.ts';
import type { RunnerParts } from './runner-parts.ts';

/** One acquisition, as the companion beside it sees it. */
export class RunView<In> implements PartitionView {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly token: string;
  readonly #parts: RunnerParts<In>;
  readonly #run: PartitionRun<In>;
  readonly #fenced: (error: Fenced) => void;

  constructor(parts: RunnerParts<In>, run: PartitionRun<In>, fenced: (error: Fenced) => void) {
    this.stage = parts.stage.name;
    this.topic = parts.stage.input;
    this.partition = run.partition;
    this.token = run.token;
    this.#parts = parts;
    this.#run = run;
    this.#fenced = fenced;
  }

  get lost(): boolean {
    return this.#run.lost || this.#run.closing;
  }

  get clockAt(): Instant {
    return this.#run.fold.clockAt;
  }

  get<T>(key: string): T | undefined {
    const found = this.#run.entries.glance<T>(key);
    return found === 'unknown' ? undefined : found.value;
  }

  resident<T>(prefix: string): Iterable<readonly [key: string, value: T]> {
    return this.#run.entries.resident<T>(prefix);
  }

  touched(prefix: string): Iterable<string> {
    return this.#run.entries.touched(prefix);
  }

  async load<T>(keys: readonly string[]): Promise<readonly (T | undefined)[]> {
    const cold = keys.filter((key) => this.#run.entries.glance(key) === 'unknown');
    const loaded = cold.length === 0 ? [] : await this.#read(cold);
    if (this.lost) throw new Lost();
    const bytesOf = new Map(cold.map((key, i) => [key, loaded[i] ?? null]));
    return keys.map((key) => {
      // What the fold has meanwhile taken into memory is newer than what was read.
      const found = this.#run.entries.glance<T>(key);
      if (found !== 'unknown') return found.value;
      const bytes = bytesOf.get(key) ?? null;
      return bytes === null ? undefined : decodeEntry<T>(bytes, this.clockAt);
    });
  }

  /** A checkpoint that runs beside the read changes the version: being fenced for that reason alone means to ask again. */
  async #read(keys: readonly string[]): Promise<readonly (Uint8Array | null)[]> {
    for (;;) {
      if (this.lost) throw new Lost();
      await this.#run.checkpointing;
      const { version } = this.#run;
      const values = await this.#run.slot.read(this.token, version, keys);
      if (values !== 'fenced') return values;
      if (this.#run.checkpointing === undefined && this.#run.version === version) {
        const fenced = new Fenced('load');
        this.#fenced(fenced);
        throw fenced;
      }
    }
  }

  /** Also for a lost partition: what was done outside must be reported, whoever folds it. */
  append(records: readonly { readonly key: string; readonly value: object }[]): Promise<readonly Appended[]> {
    const { topic, partition } = this;
    return this.#parts.options.log.append(
      records.map(({ key, value }) => ({ topic, partition, key, value: JSON.stringify(value) })),
    );
  }

  hold(on: boolean): void {
    if (this.lost || this.#run.held === on) return;
    this.#run.held = on;
    if (on) this.#parts.subscription().pause(this.partition);
    else this.#parts.subscription().seek(this.partition, this.#run.seekOffset);
  }
}
