import type { Entries, Stage, StepContext } from '@tocsin/core';
import { isDeepStrictEqual } from 'node:util';
import { decodeEntry, encodeEntry } from '../entry-codec.ts';
import { storedForm } from './stored-form.ts';

const forbidden = (what: string) => (): never => {
  throw new Error(`A step used ${what}; that would not replay.`);
};

const RealDate = Date;

class NoPresent extends RealDate {
  static override now = forbidden('the clock');

  constructor(...parts: [] | [value: number | string | Date]) {
    if (parts.length === 0) forbidden('the clock')();
    super(...(parts as [number]));
  }
}

const { crypto: realCrypto, performance: realPerformance } = globalThis;

/** A stand-in of a global whose every use throws. */
const withheld = (what: string, methods: readonly string[]): object =>
  Object.fromEntries(methods.map((method) => [method, forbidden(what)]));

const noDice = forbidden('randomness');
const noCrypto = withheld('randomness', ['getRandomValues', 'randomUUID']);
const noPerformance = withheld('the clock', ['now', 'mark', 'measure']);

const withhold = (name: 'crypto' | 'performance', value: unknown): void => {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
};

/** Runs something with a clock and sources of randomness that throw. */
function withoutChance<T>(run: () => T): T {
  const { random } = Math;
  globalThis.Date = NoPresent as unknown as DateConstructor;
  Math.random = noDice;
  withhold('crypto', noCrypto);
  withhold('performance', noPerformance);
  try {
    return run();
  } finally {
    globalThis.Date = RealDate;
    Math.random = random;
    withhold('crypto', realCrypto);
    withhold('performance', realPerformance);
  }
}

/** What says by `toJSON` what is stored of it is held to that what was stored is stored as the same again. */
function isStoredAsItIs(value: unknown): boolean {
  const bytes = encodeEntry(value);
  const stored = decodeEntry(bytes);
  return storedForm(value) === value
    ? isDeepStrictEqual(stored, value)
    : Buffer.from(encodeEntry(stored)).equals(bytes);
}

/** Hands entries out, and remembers what they were, to find those that were changed without being put. */
class WatchedEntries implements Entries {
  readonly #entries: Entries;
  readonly #handedOut = new Map<string, { readonly value: unknown; readonly bytes: Uint8Array }>();

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  #watch<T>(key: string, value: T): T {
    if (typeof value === 'object' && value !== null && !this.#handedOut.has(key)) {
      this.#handedOut.set(key, { value, bytes: encodeEntry(value) });
    }
    return value;
  }

  get<T>(key: string): T | undefined {
    return this.#watch(key, this.#entries.get<T>(key));
  }

  put(key: string, value: unknown, expiresAt?: number): void {
    if (!isStoredAsItIs(value)) {
      throw new Error('A step put a value that is another one after it was stored.');
    }
    this.#handedOut.delete(key);
    this.#entries.put(key, value, expiresAt);
  }

  delete(key: string): void {
    this.#handedOut.delete(key);
    this.#entries.delete(key);
  }

  *resident<T>(prefix: string): Iterable<readonly [key: string, value: T]> {
    for (const [key, value] of this.#entries.resident<T>(prefix)) yield [key, this.#watch(key, value)];
  }

  assertUnchanged(): void {
    for (const { value, bytes } of this.#handedOut.values()) {
      if (!Buffer.from(encodeEntry(value)).equals(bytes))
        throw new Error('A step changed an entry without putting it.');
    }
  }
}

/**
 * The same stage, held to what makes it replayable: no clock, no randomness, no entry changed without `put`, no value that
 * the store would give back as another one. For tests of stages; a breach throws.
 */
export function strictStage<In>(stage: Stage<In>): Stage<In> {
  const watched = (context: StepContext, run: (context: StepContext) => void): void => {
    const entries = new WatchedEntries(context.entries);
    const { at, recordAt, partition, offset, timers } = context;
    withoutChance(() =>
      run({
        at,
        recordAt,
        partition,
        offset,
        timers,
        entries,
        emit: (output) => context.emit(output),
        count: (name, labels) => context.count(name, labels),
      }),
    );
    entries.assertUnchanged();
  };
  return {
    name: stage.name,
    input: stage.input,
    ...(stage.foreignInput === undefined ? {} : { foreignInput: stage.foreignInput }),
    decode: (record) => withoutChance(() => stage.decode(record)),
    keys: (record) => withoutChance(() => stage.keys(record)),
    ...(stage.moreKeys === undefined
      ? {}
      : { moreKeys: (record: In, entries: Entries) => withoutChance(() => stage.moreKeys!(record, entries)) }),
    step: (context, record) => watched(context, (strict) => stage.step(strict, record)),
    ...(stage.onTimer === undefined
      ? {}
      : { onTimer: (context, timer) => watched(context, (strict) => stage.onTimer!(strict, timer)) }),
  };
}
