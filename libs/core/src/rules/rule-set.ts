import type { RuleSet } from '../records/account.ts';
import { ruleModes } from '../records/account.ts';
import type { CustomerCondition } from './condition.ts';
import { problemsOfParameters } from './parameters.ts';
import type { FraudRule } from './rule.ts';

/**
 * What is wrong with a rule set, as sentences; empty when it can be activated. A bad one is refused as a whole. A rule that
 * this build does not know is a problem too: else a slip of the pen would leave the rule that was meant unchanged.
 */
export function problemsOfRuleSet(
  ruleSet: RuleSet,
  rules: readonly FraudRule[],
  conditions: readonly CustomerCondition[],
): readonly string[] {
  const known = new Map([...rules, ...conditions].map((rule) => [rule.id, rule.defaults]));
  return Object.entries(ruleSet.rules).flatMap(([id, { mode, weight, parameters }]) => {
    const defaults = known.get(id);
    if (defaults === undefined) return [`There is no rule ${id}.`];
    return [
      ...(mode === undefined || ruleModes.includes(mode) ? [] : [`${id}.mode must be one of ${ruleModes.join(', ')}.`]),
      ...(weight === undefined || (Number.isFinite(weight) && weight >= 0 && weight <= 10)
        ? []
        : [`${id}.weight must be a number from 0 to 10.`]),
      ...problemsOfParameters(id, defaults, parameters ?? {}),
    ];
  });
}
