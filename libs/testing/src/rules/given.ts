import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { History, Program, combinedScore, days, minutes } from '@tocsin/core';
import type {
  AccountFacts,
  ConditionSetting,
  CustomerCondition,
  FiredRule,
  FraudRule,
  RuleSet,
  Transaction,
  Verdict,
} from '@tocsin/core';
import { at } from './clock.ts';
import type { Step } from './pay.ts';

/*
 * given / when / then for rules and conditions. It runs the same code as the stage, without a log and without a store:
 * `after` is history, `when` is judged, `then...` says what has to come of it and throws an AssertionError otherwise.
 */

type Steps = Step | readonly Step[];

const flat = (steps: readonly Steps[]): readonly Step[] => steps.flat();

/** Lays steps on one time line: those without a time follow the one before. */
class TimeLine {
  #now = at('09:00');
  #apart = minutes(1);
  #count = 0;

  place({ at: when, apart, transaction }: Step): Transaction {
    this.#apart = apart ?? this.#apart;
    this.#now = when ?? this.#now + this.#apart;
    const id = `t-${++this.#count}`;
    return { id, lifecycleId: id, occurredAt: this.#now, ...transaction };
  }
}

const text = (value: unknown): string => JSON.stringify(value);

const fail = (message: string, actual: unknown, expected: unknown): never => {
  throw new AssertionError({
    message: `${message}\n  expected: ${text(expected)}\n  actual:   ${text(actual)}`,
    actual,
    expected,
  });
};

const within = (actual: unknown, expected: unknown): boolean => {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) {
    return isDeepStrictEqual(actual, expected);
  }
  return (
    typeof actual === 'object' &&
    actual !== null &&
    Object.entries(expected).every(([name, value]) => within((actual as Record<string, unknown>)[name], value))
  );
};

export interface GivenOptions {
  /** Parameters that differ from the rule's defaults, as a rule set would say. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly weight?: number;
}

/** What the account is known to be. Default: home country unknown, opened long ago. */
export interface GivenAccount {
  readonly country?: string;
  /** `2026-02-01T00:00`, or a number of days before the test day. */
  readonly opened?: string | number;
}

const factsOf = ({ country, opened = 3650 }: GivenAccount): AccountFacts => {
  const openedAt = typeof opened === 'string' ? at(opened) : at('00:00') - days(opened);
  return country === undefined ? { openedAt } : { country, openedAt };
};

abstract class Scene<Self> {
  protected readonly history = new History();
  protected account: AccountFacts = factsOf({});
  readonly #timeLine = new TimeLine();

  protected constructor(protected readonly program: Program) {}

  /** Facts about the account. */
  on(account: GivenAccount): Self {
    this.account = factsOf(account);
    return this as unknown as Self;
  }

  /** What happened before: it is remembered, and nobody asks what it fires. */
  after(...steps: readonly Steps[]): Self {
    for (const step of flat(steps)) {
      this.present(step);
      this.program.absorb();
    }
    return this as unknown as Self;
  }

  protected present(step: Step): Transaction {
    const tx = this.#timeLine.place(step);
    this.program.begin(tx, this.account, this.history);
    return tx;
  }
}

class RuleScene extends Scene<RuleScene> {
  constructor(
    readonly rules: readonly FraudRule[],
    { parameters = {}, weight = 1 }: GivenOptions,
  ) {
    const settings = Object.fromEntries(rules.map(({ id }) => [id, { parameters, weight }]));
    const ruleSet: RuleSet = { id: 'test', version: 1, rules: settings };
    super(new Program(rules, [], ruleSet));
  }

  /** The transactions that are judged; what is asked afterwards concerns the last one. */
  when(...steps: readonly Steps[]): RuleOutcome {
    let verdict: Verdict | undefined;
    for (const step of flat(steps)) {
      this.present(step);
      verdict = this.program.judge();
      this.program.absorb();
    }
    if (verdict === undefined) throw new Error('Nothing happened.');
    return new RuleOutcome(verdict);
  }
}

type FiredExpectation = string | { readonly [Name in keyof FiredRule]?: unknown };

export class RuleOutcome {
  constructor(readonly verdict: Verdict) {}

  /** The rule fired; a text is its whole summary, an object what it must have, evidence included. */
  thenFires(expected: FiredExpectation = {}): this {
    const [fired] = this.verdict.fired;
    if (fired === undefined) return fail('The rule did not fire.', this.verdict, expected);
    if (typeof expected === 'string') {
      if (fired.summary !== expected) fail('The rule fired for another reason.', fired.summary, expected);
    } else if (!within(fired, expected)) fail('The rule fired differently.', fired, expected);
    return this;
  }

  /** It applied, had history enough, and did not fire. */
  thenQuiet(): this {
    const { fired, notApplicable, insufficientHistory } = this.verdict;
    if (fired.length + notApplicable.length + insufficientHistory.length > 0) {
      fail('The rule was not quiet.', this.verdict, 'quiet');
    }
    return this;
  }

  thenNotApplicable(...missing: readonly string[]): this {
    const [first] = this.verdict.notApplicable;
    if (!isDeepStrictEqual(first?.missing, missing))
      fail('The rule applied, or lacked other fields.', this.verdict, missing);
    return this;
  }

  thenInsufficientHistory(expected: { readonly have: number; readonly need: number }): this {
    const [first] = this.verdict.insufficientHistory;
    if (!within(first, expected)) fail('The rule had history enough.', this.verdict, expected);
    return this;
  }

  /** The score of all rules together, and exactly these reason codes, strongest first. */
  thenScores(score: number, ...codes: readonly string[]): this {
    const { fired } = this.verdict;
    const actual = { score: combinedScore(fired), codes: fired.map(({ code }) => code) };
    if (!isDeepStrictEqual(actual, { score, codes })) fail('The score is another one.', actual, { score, codes });
    return this;
  }
}

class ConditionScene extends Scene<ConditionScene> {
  #setting: ConditionSetting;
  #memory: unknown;

  constructor(
    readonly condition: CustomerCondition,
    setting: Partial<ConditionSetting>,
  ) {
    super(new Program([], [condition]));
    this.#setting = { on: true, ...setting };
  }

  /** The holder changes the setting. */
  set(setting: Partial<ConditionSetting>): this {
    this.#setting = { on: true, ...setting };
    return this;
  }

  override after(...steps: readonly Steps[]): this {
    for (const step of flat(steps)) this.when(step);
    return this;
  }

  when(step: Step): ConditionOutcome {
    this.present(step);
    const decision = this.program.ask(this.condition.id, { setting: this.#setting, memory: this.#memory })!;
    this.program.absorb();
    if (decision.kind !== 'notApplicable' && decision.memory !== undefined) this.#memory = decision.memory;
    return new ConditionOutcome(this, decision);
  }
}

export class ConditionOutcome {
  constructor(
    /** To go on with: the condition remembers. */
    readonly and: ConditionScene,
    readonly decision: NonNullable<ReturnType<Program['ask']>>,
  ) {}

  thenHolds(evidence: Readonly<Record<string, unknown>> = {}): ConditionScene {
    const { decision } = this;
    if (decision.kind !== 'holds' || !within(decision.evidence, evidence)) {
      fail('The condition does not hold, or otherwise.', decision, evidence);
    }
    return this.and;
  }

  thenQuiet(): ConditionScene {
    if (this.decision.kind !== 'quiet') fail('The condition was not quiet.', this.decision, 'quiet');
    return this.and;
  }

  thenNotApplicable(...missing: readonly string[]): ConditionScene {
    const { decision } = this;
    const actual = decision.kind === 'notApplicable' ? decision.missing : decision;
    if (!isDeepStrictEqual(actual, missing)) fail('The condition applied, or lacked other fields.', actual, missing);
    return this.and;
  }
}

/** One rule, or several that are scored together. */
export const given = (rules: FraudRule | readonly FraudRule[], options: GivenOptions = {}): RuleScene =>
  new RuleScene(Array.isArray(rules) ? (rules as readonly FraudRule[]) : [rules as FraudRule], options);

/** A condition that a holder has switched on, with the holder's threshold where there is one. */
export const givenCondition = (condition: CustomerCondition, setting: Partial<ConditionSetting> = {}): ConditionScene =>
  new ConditionScene(condition, setting);
