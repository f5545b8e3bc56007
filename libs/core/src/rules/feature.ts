import type { Span } from '../time.ts';
import type { Frame } from './frame.ts';
import type { RingLimits } from './ring.ts';
import type { Population } from './population.ts';

/**
 * Something remembered of an account's transactions, of bounded size. Kept under its id in the account's history, once,
 * however many features read it.
 */
export interface Store {
  /** Canonical: two stores with the same id remember the same. */
  readonly id: string;
  readonly population: Population;
  /** Takes the frame's transaction in; only called for members of the population. */
  absorb(frame: Frame, limits: RingLimits): void;
  /** Takes a transaction that was absorbed at `frame.at` with `frame.minor` out again. */
  withdraw(frame: Frame): void;
}

/** What a feature needs remembered; the largest need of all features that share a store counts. */
export interface StoreNeed {
  readonly store: Store;
  readonly rows: number;
  /** How many the feature is to tell, where the rule says so; at most `maxRingRows` can be told. */
  readonly upTo?: number;
  /** How far back; Infinity where only the number of rows limits it. */
  readonly span: Span;
}

/**
 * A value that rules decide by. It is computed at most once for each transaction, and only when a rule asks for it; rules
 * that declare features with the same id share it.
 */
export interface Feature<Value = unknown> {
  /** Canonical: kind, population, key and window. */
  readonly id: string;
  readonly need: StoreNeed;
  read(frame: Frame): Value;
}

export type FeatureMap = Readonly<Record<string, Feature>>;

/** The values of declared features, by name. */
export type FeatureValues<Features extends FeatureMap> = {
  readonly [Name in keyof Features]: Features[Name] extends Feature<infer Value> ? Value : never;
};
