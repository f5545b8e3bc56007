import type { RuleSet, RuleSetRecord } from '../records/account.ts';
import type { CustomerCondition } from '../rules/condition.ts';
import { Program } from '../rules/program.ts';
import { problemsOfRuleSet } from '../rules/rule-set.ts';
import type { FraudRule } from '../rules/rule.ts';
import type { Entries, StepContext } from '../stage.ts';

/**
 * The rule set in force, as it stands in `!rules:<tenant>`; each rule's settings have an entry of their own beside it, since
 * a rule set may be larger than one entry.
 */
export interface RuleSetEntry {
  readonly id: string;
  readonly version: number;
  readonly rules: readonly string[];
}

export const ruleSetEntry = (tenantId: string): string => `!rules:${tenantId}`;
const ruleEntry = (tenantId: string, rule: string): string => `!rules:${tenantId}/${rule}`;

/** One rule's settings, as JSON; they stand in an entry of their own. */
export const maxRuleCharacters = 16 * 1024;

/** The entries in which a rule set stands once it is in force. */
export function entriesOfRuleSet(
  tenantId: string,
  { id, version, rules }: RuleSet,
): readonly (readonly [string, unknown])[] {
  const entry: RuleSetEntry = { id, version, rules: Object.keys(rules) };
  const settings = Object.entries(rules).map(([rule, setting]) => [ruleEntry(tenantId, rule), setting] as const);
  return [...settings, [ruleSetEntry(tenantId), entry]];
}

/** Which rules run for whom. What is compiled is only a cache of what the entries say. */
export class RuleSets {
  readonly #rules: readonly FraudRule[];
  readonly #conditions: readonly CustomerCondition[];
  readonly #standard: Program;
  readonly #programs = new WeakMap<RuleSetEntry, Program>();

  constructor(rules: readonly FraudRule[], conditions: readonly CustomerCondition[]) {
    this.#rules = rules;
    this.#conditions = conditions;
    this.#standard = new Program(rules, conditions);
  }

  programOf(entries: Entries, tenantId: string): Program {
    const active = entries.get<RuleSetEntry>(ruleSetEntry(tenantId));
    if (active === undefined) return this.#standard;
    let program = this.#programs.get(active);
    if (program === undefined) {
      const { id, version } = active;
      const rules = Object.fromEntries(
        active.rules.map((rule) => [rule, entries.get<RuleSet['rules'][string]>(ruleEntry(tenantId, rule)) ?? {}]),
      );
      program = new Program(this.#rules, this.#conditions, { id, version, rules });
      this.#programs.set(active, program);
    }
    return program;
  }

  /** Puts a rule set in force from the next record on. An old or a bad one changes nothing. */
  activate(context: Pick<StepContext, 'entries' | 'count'>, { tenantId, ruleSet }: RuleSetRecord): void {
    const { entries } = context;
    const active = entries.get<RuleSetEntry>(ruleSetEntry(tenantId));
    if (active !== undefined && ruleSet.version <= active.version)
      return context.count('rule_sets', { outcome: 'stale' });
    const settings = Object.entries(ruleSet.rules);
    const tooLarge = settings.some(([, setting]) => JSON.stringify(setting).length > maxRuleCharacters);
    if (tooLarge || problemsOfRuleSet(ruleSet, this.#rules, this.#conditions).length > 0) {
      return context.count('rule_sets', { outcome: 'refused' });
    }
    for (const rule of active?.rules ?? []) {
      if (!Object.hasOwn(ruleSet.rules, rule)) entries.delete(ruleEntry(tenantId, rule));
    }
    for (const [key, value] of entriesOfRuleSet(tenantId, ruleSet)) entries.put(key, value);
    context.count('rule_sets', { outcome: 'activated' });
  }
}
