import { describe, it } from '@jest/globals';
import { givenCondition, pay, receive } from '@tocsin/testing';
import { deposit } from './deposit.ts';

describe('deposit', () => {
  it('holds for any money that arrives', () => {
    const scene = givenCondition(deposit);
    scene.when(receive({ amount: '0.01' })).thenHolds({ observedMinor: 1 });
    scene.when(receive({ amount: '0.00' })).thenQuiet();
    scene.when(pay({ amount: '100' })).thenQuiet();
    scene.when(receive({ amount: '100', status: 'declined' })).thenQuiet();
  });

  it("holds from the holder's amount on", () => {
    const scene = givenCondition(deposit, { amount: { minor: 50_000, currency: 'EUR' } });
    scene.when(receive({ amount: '500.00' })).thenHolds({ thresholdMinor: 50_000 });
    scene.when(receive({ amount: '499.99' })).thenQuiet();
    scene.when(receive({ amount: '900', currency: 'USD' })).thenNotApplicable('exchange-rate');
  });
});
