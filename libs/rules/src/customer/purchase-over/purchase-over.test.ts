import { describe, it } from '@jest/globals';
import { declined, givenCondition, pay, receive } from '@tocsin/testing';
import { purchaseOver } from './purchase-over.ts';

const from = (major: number, currency = 'EUR') => ({ amount: { minor: major * 100, currency } });

describe('purchase-over', () => {
  it("holds from the holder's amount on", () => {
    const scene = givenCondition(purchaseOver, from(25));
    scene.when(pay({ amount: '25.00' })).thenHolds({ observedMinor: 2500, thresholdMinor: 2500, currency: 'EUR' });
    scene.when(pay({ amount: '24.99' })).thenQuiet();
    givenCondition(purchaseOver, from(0.01))
      .when(pay({ amount: '0.01' }))
      .thenHolds();
  });

  it('holds from 50 on when the holder named no amount, in whatever currency', () => {
    givenCondition(purchaseOver)
      .when(pay({ amount: '50.00' }))
      .thenHolds();
    givenCondition(purchaseOver)
      .when(pay({ amount: '49.99' }))
      .thenQuiet();
    givenCondition(purchaseOver)
      .when(pay({ amount: '50', currency: 'JPY' }))
      .thenHolds();
  });

  it('takes 0 for a limit', () => {
    givenCondition(purchaseOver, from(0))
      .when(pay({ amount: '0.00' }))
      .thenHolds();
  });

  it('cannot compare with another currency', () => {
    givenCondition(purchaseOver, from(25))
      .when(pay({ amount: '80.00', currency: 'USD' }))
      .thenNotApplicable('exchange-rate');
  });

  it('looks at purchases by card alone', () => {
    const scene = givenCondition(purchaseOver, from(25));
    scene.when(pay({ amount: '80', channel: 'card-not-present' })).thenHolds();
    scene.when(pay({ amount: '80', channel: 'wallet', status: 'booked' })).thenHolds();
    scene.when(pay({ amount: '80', channel: 'atm' })).thenQuiet();
    scene.when(pay({ amount: '80', channel: 'transfer' })).thenQuiet();
    scene.when(declined({ amount: '80' })).thenQuiet();
    scene.when(receive({ amount: '80' })).thenQuiet();
  });
});
