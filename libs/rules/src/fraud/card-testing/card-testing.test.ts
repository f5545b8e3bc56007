import { describe, it } from '@jest/globals';
import { declined, given, pay } from '@tocsin/testing';
import { cardTesting } from './card-testing.ts';

const probes = [
  pay({ amount: '1.00', at: '10:00' }),
  pay({ amount: '1.50', at: '10:02' }),
  pay({ amount: '0.50', at: '10:05' }),
];

describe('card-testing', () => {
  it('fires at the third tiny charge within ten minutes', () => {
    given(cardTesting)
      .when(probes)
      .thenFires({ code: 'TC-CARD-TESTING.PROBES', score: 0.4, summary: '3 test charges within 10 minutes' });
    given(cardTesting).when(probes.slice(0, 2)).thenQuiet();
  });

  it('fires at a charge fifty times the largest probe', () => {
    given(cardTesting)
      .after(probes)
      .when(pay({ amount: '75.00', at: '12:00' }))
      .thenFires({
        code: 'TC-CARD-TESTING.CHARGE',
        score: 0.9,
        evidence: { thresholdMinor: 7500, largestProbeMinor: 150 },
      });
    given(cardTesting)
      .after(probes)
      .when(pay({ amount: '74.99', at: '12:00' }))
      .thenQuiet();
  });

  it('wants three within ten minutes', () => {
    const spread = ['10:00', '10:05', '10:11'].map((at) => pay({ amount: '1.00', at }));
    given(cardTesting).when(spread).thenQuiet();
    given(cardTesting)
      .after(spread)
      .when(pay({ amount: '500.00', at: '12:00' }))
      .thenQuiet();
  });

  it('counts refused probes too', () => {
    given(cardTesting)
      .after(probes.slice(0, 2))
      .when(declined({ amount: '0.50', at: '10:05' }))
      .thenFires({ score: 0.4 });
    given(cardTesting)
      .after(probes)
      .when(declined({ amount: '75.00', at: '12:00' }))
      .thenFires({ score: 0.9 });
  });

  it('waits a day for the real charge', () => {
    given(cardTesting)
      .after(probes)
      .when(pay({ amount: '75.00', at: '2026-03-04T10:04:59' }))
      .thenFires();
    given(cardTesting)
      .after(probes)
      .when(pay({ amount: '75.00', at: '2026-03-04T10:05:00' }))
      .thenQuiet();
  });

  it('takes 2.00 for a probe and 2.01 for none', () => {
    const three = (amount: string) => ['10:00', '10:01', '10:02'].map((at) => pay({ amount, at }));
    given(cardTesting).when(three('2.00')).thenFires();
    given(cardTesting).when(three('2.01')).thenQuiet();
  });

  it('looks at each card and each currency for itself', () => {
    given(cardTesting)
      .after(probes.slice(0, 2))
      .when(pay({ amount: '0.50', at: '10:05', card: { token: 'card-2' } }))
      .thenQuiet();
    given(cardTesting)
      .after(probes)
      .when(pay({ amount: '75000', currency: 'JPY', at: '12:00' }))
      .thenQuiet();
    given(cardTesting)
      .when(pay({ card: {} }))
      .thenNotApplicable('card');
  });
});
