import { describe, expect, it } from '@jest/globals';
import { hours, minutes } from '../time.ts';
import type { Transaction } from '../transaction.ts';
import { fired, quiet } from './decision.ts';
import { count, distinct, firstSeen, median, previousPlace, recent, sum } from './features.ts';
import type { Feature, FeatureMap } from './feature.ts';
import { History, storeNumber } from './history.ts';
import { problemsOfParameters, off } from './parameters.ts';
import { attempts, cardPresentPlaces, credits, debits, declinesBut, upTo } from './population.ts';
import { Program } from './program.ts';
import { problemsOfRuleSet } from './rule-set.ts';
import { defineRule } from './rule.ts';
import { aboutText, spanText } from './span-text.ts';

const start = Date.UTC(2026, 0, 1);
let ids = 0;
const payment = (more: Partial<Transaction> = {}): Transaction => {
  const id = `t-${++ids}`;
  return {
    id,
    lifecycleId: id,
    accountId: 'a',
    occurredAt: start,
    precision: 'instant',
    amount: { minor: 1_000, currency: 'EUR' },
    direction: 'debit',
    status: 'booked',
    card: { token: 'c-1' },
    ...more,
  };
};
const account = { openedAt: 0 };

/** A rule that hands the values of its features to a test. */
const spy = (id: string, features: FeatureMap, seen: Record<string, unknown> = {}) => ({
  seen,
  rule: defineRule({
    id,
    title: id,
    version: '1.0.0',
    severity: 'low',
    family: 'other',
    audience: 'staff',
    needs: [],
    defaults: {},
    sentence: null,
    features: () => features,
    decide(_tx, values) {
      Object.assign(seen, values);
      return quiet;
    },
  }),
});

/** What a feature says of the last transaction. */
function valueOf(feature: Feature, ...transactions: readonly Transaction[]): unknown {
  const { rule, seen } = spy('spy', { value: feature });
  const program = new Program([rule], []);
  const history = new History();
  for (const tx of transactions) {
    program.begin(tx, account, history);
    program.judge();
    program.absorb();
  }
  return seen['value'];
}

const at = (minute: number, more: Partial<Transaction> = {}) =>
  payment({ occurredAt: start + minutes(minute), ...more });
const eur = (minor: number) => ({ amount: { minor, currency: 'EUR' } });

describe('features', () => {
  it('count, the current one included, in (t - W, t]', () => {
    const feature = count(debits, { within: minutes(10) });
    expect(valueOf(feature, at(0), at(5), at(9))).toEqual({ n: 3, saturated: false });
    expect(valueOf(feature, at(0), at(5), at(10))).toEqual({ n: 2, saturated: false });
    expect(valueOf(feature, at(0), at(5), at(6, { direction: 'credit' }))).toEqual({ n: 2, saturated: false });
    expect(valueOf(count(debits, { within: minutes(10), by: 'device' }), at(0))).toEqual({ n: 0, saturated: false });
  });

  it('say when a count is a lower bound', () => {
    const feature = count(debits, { within: hours(1), upTo: 4 });
    const five = Array.from({ length: 5 }, (_, i) => at(i));
    expect(valueOf(feature, ...five)).toEqual({ n: 5, saturated: false });
    expect(valueOf(feature, ...five, at(6))).toEqual({ n: 5, saturated: true });
    expect(valueOf(feature, ...five, at(60))).toEqual({ n: 5, saturated: false });
  });

  it('sum within one currency', () => {
    const feature = sum(debits, { within: hours(1), by: 'card' });
    const yen = { amount: { minor: 9, currency: 'JPY' } };
    expect(valueOf(feature, at(0, eur(5)), at(1, yen), at(2, eur(7)))).toEqual({ n: 2, minor: 12, saturated: false });
    expect(valueOf(feature, at(0, yen))).toEqual({ n: 1, minor: 9, saturated: false });
  });

  it('count different values', () => {
    const feature = distinct(debits, 'merchant', { within: hours(1) });
    const shop = (id: string) => ({ merchant: { id } });
    expect(valueOf(feature, at(0, shop('a')), at(1, shop('b')), at(2, shop('a')))).toMatchObject({ n: 2 });
    expect(valueOf(feature, at(0, shop('a')), at(1))).toMatchObject({ n: 1 });
  });

  it('list what was recently, oldest first, without the current one', () => {
    const feature = recent(upTo(2, attempts), { within: hours(1), by: 'card' });
    const seen = valueOf(
      feature,
      at(1, eur(200)),
      at(0, eur(100)),
      at(2, eur(201)),
      at(3, { ...eur(5), status: 'declined' }),
      at(4),
    );
    expect(seen).toEqual([
      { at: start, minor: 100 },
      { at: start + minutes(1), minor: 200 },
      { at: start + minutes(3), minor: 5 },
    ]);
  });

  it('know the middle of what was before', () => {
    const feature = median(debits, { memory: 3 });
    expect(valueOf(feature, at(0))).toEqual({ n: 0, minor: Number.NaN });
    expect(valueOf(feature, at(0, eur(9)), at(1, eur(1)), at(2, eur(5)))).toEqual({ n: 2, minor: 5 });
    expect(valueOf(feature, at(0, eur(100)), at(1, eur(9)), at(2, eur(1)), at(3, eur(5)), at(4))).toEqual({
      n: 3,
      minor: 5,
    });
  });

  it('know what is new', () => {
    const feature = firstSeen(debits, 'country');
    const country = (code: string) => ({ merchant: { country: code } });
    expect(valueOf(feature, at(0, country('BG')), at(1, country('FR')))).toEqual({ seen: false, value: 'FR' });
    expect(valueOf(feature, at(0, country('BG')), at(1, country('BG')))).toEqual({ seen: true, value: 'BG' });
    expect(valueOf(feature, at(0))).toEqual({ seen: false, value: undefined });
  });

  it('know the place before, to about a metre', () => {
    const feature = previousPlace(cardPresentPlaces);
    const place = { channel: 'atm', merchant: { latitude: 42.697712, longitude: 23.321899 } } as const;
    const seen = valueOf(feature, at(0, place), at(1, place)) as { latitude: number; longitude: number };
    expect(seen.latitude).toBeCloseTo(42.69771, 5);
    expect(seen.longitude).toBeCloseTo(23.3219, 5);
    expect(valueOf(feature, at(0), at(1, place))).toBeUndefined();
  });

  it('keep days without a time out of windows, but learn amounts from them', () => {
    const day = { precision: 'date' } as const;
    expect(valueOf(count(debits, { within: hours(1) }), at(0, day), at(0))).toMatchObject({ n: 1 });
    expect(valueOf(median(debits), at(0, day), at(0))).toMatchObject({ n: 1 });
  });

  it('leave alone what does not belong to them', () => {
    expect(
      valueOf(
        count(declinesBut(['91']), { within: hours(1) }),
        at(0),
        at(0, { status: 'declined', declineReason: '91' }),
      ),
    ).toMatchObject({ n: 0 });
    expect(valueOf(count(credits, { within: hours(1) }), at(0), at(0, { direction: 'credit' }))).toMatchObject({
      n: 1,
    });
  });
});

describe('a program', () => {
  it('refuses to remember what could not be stored', () => {
    const { rule } = spy('places', { last: previousPlace(debits) });
    const program = new Program([rule], []);
    const merchant = { latitude: Number.NaN, longitude: 0 };
    program.begin(payment({ channel: 'card-present', merchant }), account, new History());
    expect(() => program.absorb()).toThrow('remembers whole numbers only');
  });

  it('keeps once and computes once what several rules declare, and only when asked', () => {
    let reads = 0;
    const within = hours(1);
    const counting = (): Feature => {
      const feature = count(debits, { within, upTo: 3 });
      return { ...feature, read: (frame) => (reads++, feature.read(frame)) };
    };
    const [a, b] = [spy('a', { n: counting() }), spy('b', { n: counting() })];
    const larger = spy('larger', { n: count(debits, { within: hours(24), upTo: 60 }) });
    const lazy = defineRule({
      ...a.rule,
      id: 'lazy',
      features: () => ({ n: { ...counting(), id: 'nobody reads this' } }),
      decide: () => quiet,
    });
    const program = new Program([a.rule, b.rule, larger.rule, lazy], []);
    program.begin(payment(), account, new History());
    program.judge();
    expect(reads).toBe(1);
    expect(program.stores).toHaveLength(1);
    expect(program.stores[0]!.limits.rows).toBe(64);
    program.begin(payment(), account, new History());
    program.judge();
    expect(reads).toBe(2);
  });

  it('leaves as much behind after a reversal as without the payment', () => {
    const features = {
      count: count(debits, { within: hours(1), by: 'card' }),
      sum: sum(debits, { within: hours(1) }),
      median: median(debits),
    };
    const { rule } = spy('all', features);
    const program = new Program([rule], []);
    const absorbed = (...transactions: readonly Transaction[]): History => {
      const history = new History();
      for (const tx of transactions) {
        program.begin(tx, account, history);
        program.absorb();
      }
      return history;
    };
    const [first, second] = [at(0, eur(1)), at(1, eur(2))];
    const history = absorbed(first, at(1, eur(5)), second);
    // A reversal need not say with which card.
    program.begin(at(9, { status: 'reversed', card: {} }), account, history, { at: start + minutes(1), minor: 5 });
    program.withdraw();
    expect(history).toEqual(absorbed(first, second));
  });

  it('gives the strongest first, weighted, and does not ask twice', () => {
    const firing = (id: string, score: number) =>
      defineRule({ ...spy(id, {}).rule, id, features: () => ({}), decide: () => fired(score, 's', {}, 'ROW') });
    const rules = [firing('weak', 0.2), firing('strong', 0.6)];
    const program = new Program(rules, [], { id: 'r', version: 7, rules: { strong: { weight: 2 } } });
    program.begin(payment(), account, new History());
    expect(program.version).toBe(7);
    expect(program.judge().fired.map(({ code, score }) => [code, score])).toEqual([
      ['TC-STRONG.ROW', 1],
      ['TC-WEAK.ROW', 0.2],
    ]);
    expect(program.judge(['strong']).fired.map(({ rule }) => rule)).toEqual(['weak']);
  });
});

describe('parameters', () => {
  const defaults = { n: 1, maybe: off, text: 'a', flag: true, list: ['a'] };
  const problems = (given: Record<string, unknown>) => problemsOfParameters('rule', defaults, given);

  it('may be changed to values of their own kind', () => {
    expect(problems({ n: 0, maybe: 5, text: '', flag: false, list: [] })).toEqual([]);
    expect(problems({ maybe: null })).toEqual([]);
  });

  it('are refused otherwise, in a sentence', () => {
    expect(problems({ n: -1, maybe: 'x', text: 1, flag: 'yes', list: [1], other: 1 })).toEqual([
      'rule.n must be a number that is not negative.',
      'rule.maybe must be a number or null.',
      'rule.text must be a string.',
      'rule.flag must be a boolean.',
      'rule.list must be a list of texts.',
      'rule has no parameter other.',
    ]);
    expect(problems({ n: null }).concat(problems({ n: Number.NaN }))).toHaveLength(2);
    expect(problems(JSON.parse('{"__proto__": 1}') as Record<string, unknown>)).toEqual([
      'rule has no parameter __proto__.',
    ]);
  });
});

describe('a rule set', () => {
  it('is judged as a whole', () => {
    const { rule } = spy('known', {});
    const problems = (rules: Record<string, object>) => problemsOfRuleSet({ id: 'r', version: 1, rules }, [rule], []);
    expect(problems({ known: { mode: 'shadow', weight: 0.5, parameters: {} } })).toEqual([]);
    expect(problems({ known: { mode: 'canary', weight: -1, parameters: { x: 1 } }, other: {} })).toEqual([
      'known.mode must be one of off, shadow, live.',
      'known.weight must be a number from 0 to 10.',
      'known has no parameter x.',
      'There is no rule other.',
    ]);
  });
});

describe('a program', () => {
  it('refuses two stores that rings could not tell apart', () => {
    const named = (id: string): Feature =>
      count({ id, statuses: 'counted', includes: () => true }, { within: hours(1) });
    // Found by trying; they have nothing else in common.
    const [one, other] = [named('6ztzf511wtofh'), named('1w4tfdxzk1pl7')];
    expect(storeNumber(one.need.store.id)).toBe(storeNumber(other.need.store.id));
    const { rule } = spy('twins', { one, other });
    expect(() => new Program([rule], [])).toThrow('have the same number');
  });
});

describe('a span', () => {
  it('is written as people say it', () => {
    const spans = [minutes(10), minutes(1), hours(1), hours(24), 90_000, 1_500];
    expect(spans.map(spanText)).toEqual(['10 minutes', '1 minute', '1 hour', '1 day', '90 seconds', '1500 ms']);
  });

  it('that was measured is rounded to a unit of which it has two', () => {
    const spans = [0, 1_499, 87_426, minutes(2), 3_599_999, hours(1), 100 * minutes(1) + 1, hours(47), hours(60) - 1];
    expect(spans.map(aboutText)).toEqual([
      '1 second',
      '1 second',
      '87 seconds',
      '2 minutes',
      '1 hour',
      '1 hour',
      '100 minutes',
      '47 hours',
      '2 days',
    ]);
  });
});
