import { describe, expect, it } from '@jest/globals';
import { combinedScore, minutes, seconds } from '@tocsin/core';
import { declined, given, pay, pays, paysOf } from '@tocsin/testing';
import { fraudRules } from './index.ts';

describe('the rules together', () => {
  it('reach .64 at the third approved probe', () => {
    const probe = { amount: '1.00' };
    given(fraudRules)
      .when(pays(2, { apart: minutes(2), ...probe }))
      .thenScores(0);
    given(fraudRules)
      .when(pays(3, { apart: minutes(2), ...probe }))
      .thenScores(0.64, 'TC-VELOCITY-COUNT.1H', 'TC-CARD-TESTING.PROBES');
  });

  it('never ask the customer for three payments in an hour or a new country alone', () => {
    given(fraudRules)
      .when(pays(3, { apart: minutes(10) }))
      .thenScores(0.4, 'TC-VELOCITY-COUNT.1H');
    given(fraudRules)
      .when(pay({ amount: '250', merchant: { country: 'FR' } }))
      .thenScores(0.4, 'TC-FIRST-SEEN.COUNTRY');
  });

  it('ask for three refusals within ten minutes', () => {
    const refusals = Array.from({ length: 3 }, () => ({ ...declined({ amount: '20' }), apart: minutes(3) }));
    given(fraudRules).when(refusals).thenScores(0.55, 'TC-DECLINE-BURST.10M');
  });

  it('take the strongest of a family', () => {
    given(fraudRules)
      .after(pays(2, { apart: seconds(10), amount: '5' }))
      .when(pay({ amount: '5' }))
      .thenScores(0.6, 'TC-VELOCITY-COUNT.1M');
    given(fraudRules)
      .after(paysOf(['40', '40', '40', '40', '40']))
      .when(pay({ amount: '250', merchant: { country: 'FR' }, at: '2026-04-01T10:00' }))
      .thenScores(0.982, 'TC-AMOUNT-VS-MEDIAN', 'TC-FIRST-SEEN.COUNTRY');
  });

  it('count as much as the rule set lets them', () => {
    given(fraudRules, { weight: 0.5 })
      .when(pays(3, { apart: minutes(10) }))
      .thenScores(0.2, 'TC-VELOCITY-COUNT.1H');
  });

  it('combine as noisy-OR', () => {
    const score = (...pairs: readonly (readonly [string, number])[]) =>
      combinedScore(pairs.map(([family, one]) => ({ family, score: one })));
    expect(score(['a', 0.35], ['b', 0.6])).toBe(0.74);
    expect(score(['amount', 0.4], ['amount', 0.68], ['device', 0.5])).toBe(0.84);
    expect(score()).toBe(0);
    expect(score(['a', 1], ['b', 0.2])).toBe(1);
  });
});
