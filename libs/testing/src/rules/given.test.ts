import { describe, expect, it } from '@jest/globals';
import {
  count,
  debits,
  defineCondition,
  defineRule,
  fired,
  hours,
  insufficientHistory,
  minutes,
  quiet,
} from '@tocsin/core';
import { at } from './clock.ts';
import { given, givenCondition } from './given.ts';
import { declined, pay, pays, paysAt, receive } from './pay.ts';
import { parametersInDocument } from './rule-files.ts';

const rule = defineRule({
  id: 'rule',
  title: 'Rule',
  version: '1.0.0',
  severity: 'low',
  family: 'other',
  audience: 'staff',
  needs: ['card'],
  defaults: { limit: 3 },
  sentence: null,
  features: ({ limit }) => ({ n: count(debits, { within: hours(1), upTo: limit }) }),
  decide: (tx, { n }, { limit }) => {
    if (tx.amount.minor === 0) return insufficientHistory(1, 2);
    return n.n >= limit ? fired(0.5, `${n.n} payments`, { observed: n.n }) : quiet;
  },
});

const condition = defineCondition<{ amount: number }, Record<never, never>, number>({
  id: 'condition',
  title: 'Condition',
  version: '1.0.0',
  needs: ['card'],
  defaults: { amount: 1 },
  sentence: '',
  features: () => ({}),
  decide: (_tx, _features, { memory = 0 }) =>
    memory === 2 ? { kind: 'holds', evidence: { memory } } : { kind: 'quiet', memory: memory + 1 },
});

describe('given / when / then', () => {
  const third = () =>
    given(rule)
      .after(pays(2, { apart: minutes(1) }))
      .when(pay());

  it('accepts what is so', () => {
    third()
      .thenFires('3 payments')
      .thenFires({ score: 0.5, evidence: { observed: 3 } })
      .thenScores(0.5, 'TC-RULE');
    given(rule).when(pay()).thenQuiet();
    given(rule)
      .when(pay({ card: {} }))
      .thenNotApplicable('card');
    given(rule)
      .when(pay({ amount: '0' }))
      .thenInsufficientHistory({ have: 1, need: 2 });
    expect(third().verdict.fired).toHaveLength(1);
  });

  it('refuses what is not', () => {
    expect(() => third().thenQuiet()).toThrow('was not quiet');
    expect(() => third().thenFires('4 payments')).toThrow('another reason');
    expect(() => third().thenFires({ evidence: { observed: 4 } })).toThrow('differently');
    expect(() => third().thenScores(0.4, 'TC-RULE')).toThrow('score');
    expect(() => third().thenNotApplicable('card')).toThrow('applied');
    expect(() => third().thenInsufficientHistory({ have: 1, need: 2 })).toThrow('history enough');
    expect(() => given(rule).when(pay()).thenFires()).toThrow('did not fire');
    expect(() => given(rule).when()).toThrow('Nothing happened');
  });

  it('takes other parameters, as a rule set would', () => {
    given(rule, { parameters: { limit: 1 }, weight: 0.5 })
      .when(pay())
      .thenFires({ score: 0.25 });
  });

  it('lays steps on a time line: as told, else as far apart as before', () => {
    given(rule)
      .after(pays(2, { apart: minutes(29) }))
      .when(pay())
      .thenFires();
    given(rule)
      .after(pays(2, { apart: minutes(30) }))
      .when(pay())
      .thenQuiet();
    given(rule)
      .after(paysAt(['10:00', '10:59:59.999']))
      .when(pay({ at: '10:59:59.999' }))
      .thenFires();
    expect(at('2026-03-04T10:59')).toBe(Date.UTC(2026, 2, 4, 10, 59));
    expect(() => at('tomorrow')).toThrow('no time of day');
  });

  it('has refusals, credits and other currencies', () => {
    expect(declined().transaction).toMatchObject({ status: 'declined', declineReason: '51' });
    expect(receive({ balanceAfter: '-1.5' }).transaction).toMatchObject({
      direction: 'credit',
      balanceAfter: { minor: -150, currency: 'EUR' },
    });
    expect(pay({ amount: '1500', currency: 'JPY' }).transaction.amount).toEqual({ minor: 1500, currency: 'JPY' });
    expect(() => pay({ amount: '1.5', currency: 'JPY' })).toThrow('is no amount');
  });

  it('lets conditions remember', () => {
    const scene = givenCondition(condition).after(pay());
    scene.when(pay()).thenQuiet().when(pay()).thenHolds({ memory: 2 });
    expect(() => scene.when(pay()).thenQuiet()).toThrow('was not quiet');
    expect(() => givenCondition(condition).when(pay()).thenHolds()).toThrow('does not hold');
    scene.when(pay({ card: {} })).thenNotApplicable('card');
    expect(() => scene.when(pay()).thenNotApplicable('card')).toThrow('applied');
  });
});

describe('the table of parameters in a document', () => {
  it('is read as code has it', () => {
    const markdown =
      '| parameter | default | meaning |\n|---|---|---|\n| `a` | 10 min | x |\n| `b`  | off | |\n| `c` | 91, 96 | |\n| `d` | 0.5 | |';
    expect(parametersInDocument(markdown)).toEqual({ a: minutes(10), b: null, c: ['91', '96'], d: 0.5 });
  });
});
