import type { RuleSet } from '../records/account.ts';
import { ruleModes } from '../records/account.ts';
import type { CustomerCondition } from './condition.ts';
import { problemsOfParameters } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import { maxRingRows } from './ring.ts';
import type { FraudRule } from './rule.ts';

type Featured = Pick<FraudRule | CustomerCondition, 'id' | 'defaults' | 'features'>;

/** A limit above what a window can count would never be reached: the rule would be silent, and nobody would know. */
function problemsOfLimits({ id, defaults, features }: Featured, given: Parameters): readonly string[] {
  const large = Object.entries(features({ ...defaults, ...given })).filter(
    ([, { need }]) => need.upTo !== undefined && need.upTo > maxRingRows,
  );
  return large.map(
    ([name, { need }]) =>
      `${id} would have to look back on ${need.upTo} (${name}), and ${maxRingRows} are kept: lower its parameters.`,
  );
}

/**
 * What is wrong with a rule set, as sentences; empty when it can be activated. A bad one is refused as a whole. A rule that
 * this build does not know is a problem too: else a slip of the pen would leave the rule that was meant unchanged.
 */
export function problemsOfRuleSet(
  ruleSet: RuleSet,
  rules: readonly FraudRule[],
  conditions: readonly CustomerCondition[],
): readonly string[] {
  const known = new Map<string, Featured>([...rules, ...conditions].map((rule) => [rule.id, rule]));
  return Object.entries(ruleSet.rules).flatMap(([id, { mode, weight, parameters }]) => {
    const rule = known.get(id);
    if (rule === undefined) return [`There is no rule ${id}.`];
    const wrong = problemsOfParameters(id, rule.defaults, parameters ?? {});
    return [
      ...(mode === undefined || ruleModes.includes(mode) ? [] : [`${id}.mode must be one of ${ruleModes.join(', ')}.`]),
      ...(weight === undefined || (Number.isFinite(weight) && weight >= 0 && weight <= 10)
        ? []
        : [`${id}.weight must be a number from 0 to 10.`]),
      ...(wrong.length > 0 ? wrong : problemsOfLimits(rule, (parameters ?? {}) as Parameters)),
    ];
  });
}
