import type { ConditionSetting } from '../records/account.ts';
import type { Money, Transaction } from '../transaction.ts';
import type { Evidence } from './decision.ts';
import type { FeatureMap, FeatureValues } from './feature.ts';
import type { Field } from './field.ts';
import type { AccountFacts } from './frame.ts';
import type { Parameters } from './parameters.ts';
import { minorOf } from './population.ts';

/** What a condition says of one transaction. `memory` replaces what it remembered; without it that stays as it is. */
export type ConditionDecision<Memory = unknown> =
  | { readonly kind: 'holds'; readonly evidence: Evidence; readonly memory?: Memory }
  | { readonly kind: 'quiet'; readonly memory?: Memory }
  | { readonly kind: 'notApplicable'; readonly missing: readonly string[] };

/** What a condition may look at besides the transaction and its features. */
export interface ConditionContext<P extends Parameters, Memory> {
  readonly parameters: P;
  /** As the holder set it; on. */
  readonly setting: ConditionSetting;
  readonly account: AccountFacts;
  /** What the condition remembered for this account and holder. */
  readonly memory: Memory | undefined;
}

/**
 * Something that a customer can ask to be told. It is no evidence of fraud and has no score. Settings, and what it
 * remembers, are per account and holder.
 */
export interface CustomerCondition<
  P extends Parameters = Parameters,
  F extends FeatureMap = FeatureMap,
  Memory = unknown,
> {
  /** Also the name of its files, and the alert type. */
  readonly id: string;
  readonly title: string;
  readonly version: string;
  readonly needs: readonly Field[];
  /** `amount` is the threshold, in major units, that holds until the customer sets one. */
  readonly defaults: P;
  /** May use {amount} {merchant} {country} {time} {last4} {balance}. */
  readonly sentence: string;
  /** It fires on crossing, so it also has to see what it cannot fire on: reversals, and transactions that came too late. */
  readonly edgeTriggered?: boolean;
  features(parameters: P): F;
  /** Pure, as a rule's. */
  decide(tx: Transaction, features: FeatureValues<F>, context: ConditionContext<P, Memory>): ConditionDecision<Memory>;
}

/** Keeps the types of parameters, features and memory while a condition is written as a value. */
export const defineCondition = <P extends Parameters, F extends FeatureMap, Memory = undefined>(
  condition: CustomerCondition<P, F, Memory>,
): CustomerCondition => condition;

/**
 * The holder's threshold in this currency, else the default in it. Undefined where the holder's is in another currency:
 * without a rate table the two cannot be compared.
 */
export function thresholdIn(currency: string, setting: ConditionSetting, defaultMajor: number): Money | undefined {
  if (setting.amount === undefined) return { minor: minorOf(defaultMajor, currency), currency };
  return setting.amount.currency === currency ? setting.amount : undefined;
}

/** What a condition answers when the threshold is in another currency. */
export const otherCurrency: ConditionDecision<never> = { kind: 'notApplicable', missing: ['exchange-rate'] };
