import { describe, it } from '@jest/globals';
import { declined, given, pay, paysOf, receive } from '@tocsin/testing';
import { amountVsMedian } from './amount-vs-median.ts';

const usual40 = paysOf(['30', '35', '40', '45', '50']);

describe('amount-vs-median', () => {
  it('fires at three times the usual amount', () => {
    given(amountVsMedian)
      .after(usual40)
      .when(pay({ amount: '120.00' }))
      .thenFires({
        code: 'TC-AMOUNT-VS-MEDIAN',
        score: 0.68,
        summary: '3 times the usual amount',
        evidence: { observed: 3, medianMinor: 4000, of: 5 },
      });
  });

  it('is quiet a cent below', () => {
    given(amountVsMedian)
      .after(usual40)
      .when(pay({ amount: '119.99' }))
      .thenQuiet();
  });

  it('scores higher from 3.5 times and from 4 times on', () => {
    const scores = { '139.99': 0.68, '140.00': 0.95, '159.99': 0.95, '160.00': 0.97, '4000.00': 0.97 };
    for (const [amount, score] of Object.entries(scores)) {
      given(amountVsMedian).after(usual40).when(pay({ amount })).thenFires({ score });
    }
  });

  it('is quiet under the floor, however unusual', () => {
    given(amountVsMedian)
      .after(paysOf(['5', '5', '5', '5', '5']))
      .when(pay({ amount: '50.00' }))
      .thenQuiet();
    given(amountVsMedian)
      .after(paysOf(['5', '5', '5', '5', '5']))
      .when(pay({ amount: '100.00' }))
      .thenFires({ score: 0.97, evidence: { observed: 20 } });
  });

  it('takes the mean of the two middle ones of an even number', () => {
    given(amountVsMedian)
      .after(paysOf(['30', '30', '39', '41', '50', '50']))
      .when(pay({ amount: '120.00' }))
      .thenFires({ evidence: { medianMinor: 4000, of: 6 } });
  });

  it('wants five payments before it judges', () => {
    given(amountVsMedian)
      .after(paysOf(['40', '40', '40', '40']))
      .when(pay({ amount: '500.00' }))
      .thenInsufficientHistory({ have: 4, need: 5 });
  });

  it('learns from debits alone, and only from those that were approved', () => {
    given(amountVsMedian)
      .after(usual40, declined({ amount: '5000' }), declined({ amount: '5000' }), receive({ amount: '9000' }))
      .when(pay({ amount: '120.00' }))
      .thenFires({ evidence: { of: 5 } });
    given(amountVsMedian)
      .after(usual40)
      .when(receive({ amount: '9000.00' }))
      .thenQuiet();
  });

  it('never mixes currencies', () => {
    given(amountVsMedian)
      .after(usual40)
      .when(pay({ amount: '50000', currency: 'JPY' }))
      .thenInsufficientHistory({ have: 0, need: 5 });
  });

  it('remembers the last fifty', () => {
    const before = paysOf(Array.from({ length: 80 }, () => '10'));
    given(amountVsMedian)
      .after(before, paysOf(Array.from({ length: 50 }, () => '60')))
      .when(pay({ amount: '150.00' }))
      .thenQuiet();
  });

  it('can do with days alone', () => {
    given(amountVsMedian)
      .after(paysOf(['40', '40', '40', '40', '40'], { precision: 'date' }))
      .when(pay({ amount: '120.00', precision: 'date' }))
      .thenFires({ score: 0.68 });
  });

  it('fires when everything before was free of charge', () => {
    given(amountVsMedian)
      .after(paysOf(['0', '0', '0', '0', '0']))
      .when(pay({ amount: '100.00' }))
      .thenFires({ score: 0.97, evidence: { observed: null } });
  });
});
