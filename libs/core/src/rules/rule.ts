import type { Severity } from '../records/customer.ts';
import type { Transaction } from '../transaction.ts';
import type { Decision } from './decision.ts';
import type { FeatureMap, FeatureValues } from './feature.ts';
import type { Field } from './field.ts';
import type { AccountFacts } from './frame.ts';
import type { Parameters } from './parameters.ts';

/**
 * Near-duplicates share a family: only the strongest of a family counts towards the score of a transaction, because two
 * rules that see the same thing are not twice as sure.
 */
export const families = [
  'velocity',
  'amount',
  'place',
  'declines',
  'card-testing',
  'payee',
  'device',
  'mule',
  'other',
] as const;
export type Family = (typeof families)[number];

/** A fraud rule: a value without state of its own. What it needs to remember it declares as features. */
export interface FraudRule<P extends Parameters = Parameters, F extends FeatureMap = FeatureMap> {
  /** Also the name of its files. */
  readonly id: string;
  readonly title: string;
  /** Of the logic, as semantic version. */
  readonly version: string;
  readonly severity: Severity;
  readonly family: Family;
  /** `staff`: it may never reach a customer, because telling would be tipping off. */
  readonly audience: 'customer' | 'staff';
  /** Without one of these the rule does not apply; it is not asked, and the finding says what was missing. */
  readonly needs: readonly Field[];
  readonly defaults: P;
  /**
   * Why the customer is asked, as a sentence. May use {amount} {merchant} {country} {time} {last4} {payee}; `null` for an
   * audience of staff.
   */
  readonly sentence: string | null;
  features(parameters: P): F;
  /** Pure: no clock, no randomness, nothing kept. `features` are read on access, so what is not needed costs nothing. */
  decide(tx: Transaction, features: FeatureValues<F>, parameters: P, account: AccountFacts): Decision;
}

/** Keeps the types of a rule's parameters and features while it is written as a value. */
export const defineRule = <P extends Parameters, F extends FeatureMap>(rule: FraudRule<P, F>): FraudRule => rule;
