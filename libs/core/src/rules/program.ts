import type { RuleSet } from '../records/account.ts';
import type { FiredRule } from '../records/customer.ts';
import type { Instant } from '../time.ts';
import type { Transaction } from '../transaction.ts';
import type { ConditionContext, ConditionDecision, CustomerCondition } from './condition.ts';
import type { Decision } from './decision.ts';
import type { Feature, FeatureMap, Store } from './feature.ts';
import { Needs } from './field.ts';
import { Frame } from './frame.ts';
import type { AccountFacts } from './frame.ts';
import { storeNumber } from './history.ts';
import type { History } from './history.ts';
import type { Parameters } from './parameters.ts';
import type { RingLimits } from './ring.ts';
import type { FraudRule } from './rule.ts';

interface PlannedStore {
  readonly store: Store;
  readonly limits: RingLimits;
}

interface RunningRule {
  readonly rule: FraudRule;
  readonly code: string;
  readonly shadow: boolean;
  readonly weight: number;
  readonly needs: Needs;
  readonly parameters: Parameters;
  /** Reads features of the frame on access. */
  readonly features: Readonly<Record<string, unknown>>;
}

interface RunningCondition {
  readonly condition: CustomerCondition;
  readonly needs: Needs;
  readonly parameters: Parameters;
  readonly features: Readonly<Record<string, unknown>>;
}

export interface NotApplicable {
  readonly rule: string;
  readonly missing: readonly string[];
}

/** What the rules said of one transaction. */
export interface Verdict {
  /** By contribution, largest first; the score is the rule's own times its weight. */
  readonly fired: readonly FiredRule[];
  readonly shadow: readonly FiredRule[];
  readonly notApplicable: readonly NotApplicable[];
  readonly insufficientHistory: readonly { readonly rule: string; readonly have: number; readonly need: number }[];
}

const none: readonly never[] = [];
const byScore = (a: FiredRule, b: FiredRule): number => b.score - a.score;

/** The reason code of a rule: `TC-VELOCITY-COUNT.1H`. */
export const reasonCode = (rule: string, reason?: string): string =>
  `TC-${rule.toUpperCase()}${reason === undefined ? '' : `.${reason}`}`;

/**
 * Rules and conditions made ready to run under one rule set: parameters resolved, features and what they remember merged,
 * so that what several rules declare is kept and computed once.
 */
export class Program {
  readonly frame = new Frame();
  readonly version: number;
  readonly conditions: ReadonlyMap<string, RunningCondition>;
  readonly #rules: readonly RunningRule[];
  readonly #stores = new Map<string, PlannedStore>();
  readonly #slots = new Map<string, number>();
  readonly #features: Feature[] = [];
  readonly #values: unknown[] = [];
  /** The turn in which each value was computed. */
  readonly #computedIn: number[] = [];
  /** The stores once more, to walk over. */
  readonly #planned: readonly PlannedStore[];
  /** By which rings know them. */
  readonly #storeNumbers: ReadonlySet<number>;
  #turn = 0;

  constructor(rules: readonly FraudRule[], conditions: readonly CustomerCondition[], ruleSet?: RuleSet) {
    this.version = ruleSet?.version ?? 0;
    const settings = (id: string) => ruleSet?.rules[id] ?? {};
    this.#rules = rules.flatMap((rule) => {
      const { mode = 'live', weight = 1, parameters: given } = settings(rule.id);
      if (mode === 'off') return [];
      const parameters = { ...rule.defaults, ...given } as Parameters;
      const features = this.#view(rule.features(parameters));
      const needs = new Needs(rule.needs);
      return [{ rule, code: reasonCode(rule.id), shadow: mode === 'shadow', weight, needs, parameters, features }];
    });
    this.conditions = new Map(
      conditions.flatMap((condition) => {
        const { mode = 'live', parameters: given } = settings(condition.id);
        // A shadow would be of no use: what a customer asked for is not on trial.
        if (mode !== 'live') return [];
        const parameters = { ...condition.defaults, ...given } as Parameters;
        const features = this.#view(condition.features(parameters));
        return [[condition.id, { condition, needs: new Needs(condition.needs), parameters, features }]];
      }),
    );
    this.#planned = [...this.#stores.values()];
    this.#storeNumbers = new Set([...this.#stores.keys()].map(storeNumber));
  }

  /** Every store that is kept, in the order in which it was declared. */
  get stores(): readonly PlannedStore[] {
    return this.#planned;
  }

  #view(features: FeatureMap): Readonly<Record<string, unknown>> {
    const view = {};
    for (const [name, feature] of Object.entries(features)) {
      const slot = this.#slotOf(feature);
      Object.defineProperty(view, name, { enumerable: true, get: () => this.#valueOf(slot) });
    }
    return view;
  }

  /** Rings know their store by a number alone. */
  #assertOwnNumber(id: string): void {
    const other = [...this.#stores.keys()].find((known) => storeNumber(known) === storeNumber(id));
    if (other !== undefined) {
      throw new Error(
        `The stores "${other}" and "${id}" have the same number: name the population of one of them otherwise.`,
      );
    }
  }

  #slotOf(feature: Feature): number {
    const { store, rows, span } = feature.need;
    const planned = this.#stores.get(store.id);
    if (planned === undefined) this.#assertOwnNumber(store.id);
    this.#stores.set(store.id, {
      store: planned?.store ?? store,
      limits: {
        rows: Math.max(rows, planned?.limits.rows ?? 0),
        span: Math.max(span, planned?.limits.span ?? 0),
      },
    });
    const known = this.#slots.get(feature.id);
    if (known !== undefined) return known;
    const slot = this.#features.push(feature) - 1;
    this.#slots.set(feature.id, slot);
    this.#computedIn[slot] = 0;
    return slot;
  }

  #valueOf(slot: number): unknown {
    if (this.#computedIn[slot] === this.#turn) return this.#values[slot];
    const value = this.#features[slot]!.read(this.frame);
    this.#computedIn[slot] = this.#turn;
    this.#values[slot] = value;
    return value;
  }

  /**
   * Lays a transaction before the rules. `known` says where it stands in the windows when it was counted before: then it is
   * judged as of that time, and counts once.
   */
  begin(tx: Transaction, account: AccountFacts, history: History, known?: { at: Instant; minor: number }): void {
    this.frame.begin(tx, account, history, known);
    this.#turn++;
  }

  /** What the rules say, without those that already fired for this transaction. */
  judge(alreadyFired: readonly string[] = none): Verdict {
    let fired: FiredRule[] | undefined;
    let shadow: FiredRule[] | undefined;
    let notApplicable: NotApplicable[] | undefined;
    let insufficient: { rule: string; have: number; need: number }[] | undefined;
    for (const running of this.#rules) {
      const { id } = running.rule;
      if (alreadyFired.length > 0 && alreadyFired.includes(id)) continue;
      const decision = this.#decide(running);
      if (decision.kind === 'quiet') continue;
      if (decision.kind === 'notApplicable') (notApplicable ??= []).push({ rule: id, missing: decision.missing });
      else if (decision.kind === 'insufficientHistory') {
        (insufficient ??= []).push({ rule: id, have: decision.have, need: decision.need });
      } else if (running.shadow) (shadow ??= []).push(firedRule(running, decision));
      else (fired ??= []).push(firedRule(running, decision));
    }
    return {
      fired: fired?.sort(byScore) ?? none,
      shadow: shadow?.sort(byScore) ?? none,
      notApplicable: notApplicable ?? none,
      insufficientHistory: insufficient ?? none,
    };
  }

  #decide({ rule, needs, features, parameters }: RunningRule): Decision {
    const { tx, account } = this.frame;
    return needs.missingIn(tx, account) ?? rule.decide(tx, features, parameters, account);
  }

  /** What one condition says; undefined where no such condition runs. */
  ask(
    id: string,
    { setting, memory }: Omit<ConditionContext<Parameters, unknown>, 'parameters' | 'account'>,
  ): ConditionDecision | undefined {
    const running = this.conditions.get(id);
    if (running === undefined) return undefined;
    const { condition, needs, parameters, features } = running;
    const { record, account } = this.frame;
    const missing = needs.missingIn(record, account);
    return missing ?? condition.decide(record, features, { setting, memory, parameters, account });
  }

  /** Takes a new transaction into everything that counts it. After `judge`: nothing counts itself. */
  absorb(): void {
    this.frame.history.forgetAllBut(this.#storeNumbers);
    for (const { store, limits } of this.#planned) {
      if (store.population.includes(this.frame.tx)) store.absorb(this.frame, limits);
    }
  }

  /** The transaction that stands in the windows at the frame's time was reversed: it leaves all that counted it. */
  withdraw(): void {
    for (const { store } of this.#planned) {
      if (store.population.statuses === 'counted') store.withdraw(this.frame);
    }
  }

  /** A transaction that counted was declined after all: it leaves the windows and becomes a decline. */
  turnIntoDecline(): void {
    this.withdraw();
    for (const { store, limits } of this.#planned) {
      const { statuses } = store.population;
      if (statuses === 'declined' && store.population.includes(this.frame.tx)) store.absorb(this.frame, limits);
    }
  }
}

function firedRule(
  { rule, code, weight }: RunningRule,
  { score, summary, evidence, reason }: Extract<Decision, { kind: 'fired' }>,
): FiredRule {
  return {
    rule: rule.id,
    ruleVersion: rule.version,
    family: rule.family,
    code: reason === undefined ? code : `${code}.${reason}`,
    score: Math.min(1, score * weight),
    summary,
    evidence,
    audience: rule.audience,
    severity: rule.severity,
  };
}
