import { describe, it } from '@jest/globals';
import { declined, givenCondition, pay, receive } from '@tocsin/testing';
import { balanceBelow } from './balance-below.ts';

const payTo = (balanceAfter: string, amount = '10') => pay({ balanceAfter, amount });
const at100 = { amount: { minor: 10_000, currency: 'EUR' } };

describe('balance-below', () => {
  it('fires on crossing, then not again until the balance has recovered by five percent', () => {
    const scene = givenCondition(balanceBelow, at100).after(payTo('120'));
    scene.when(payTo('95', '25')).thenHolds({ balanceMinor: 9_500, thresholdMinor: 10_000, currency: 'EUR' });
    scene.when(payTo('90')).thenQuiet();
    scene.when(receive({ balanceAfter: '104' })).thenQuiet();
    scene.when(payTo('99')).thenQuiet();
    scene.when(receive({ balanceAfter: '106' })).thenQuiet();
    scene.when(payTo('98')).thenHolds();
  });

  it('is armed again at exactly five percent above', () => {
    const scene = givenCondition(balanceBelow, at100).after(
      payTo('120'),
      payTo('95'),
      receive({ balanceAfter: '105' }),
    );
    scene.when(payTo('99')).thenHolds();
    const almost = givenCondition(balanceBelow, at100).after(
      payTo('120'),
      payTo('95'),
      receive({ balanceAfter: '104.99' }),
    );
    almost.when(payTo('99')).thenQuiet();
  });

  it('is quiet at exactly the threshold', () => {
    givenCondition(balanceBelow, at100).after(payTo('120')).when(payTo('100.00')).thenQuiet();
  });

  it('sees from the first payment whether that payment crossed', () => {
    givenCondition(balanceBelow, at100).when(payTo('95', '25')).thenHolds();
    givenCondition(balanceBelow, at100).when(payTo('75', '20')).thenQuiet();
    givenCondition(balanceBelow, at100)
      .when(receive({ balanceAfter: '95', amount: '50' }))
      .thenQuiet();
  });

  it('begins anew when the holder changes the threshold', () => {
    const scene = givenCondition(balanceBelow, at100).after(payTo('120'), payTo('95'));
    scene.set({ amount: { minor: 9_000, currency: 'EUR' } });
    scene.when(payTo('85', '10')).thenHolds({ thresholdMinor: 9_000 });
  });

  it('is not misled by a balance that comes late, by a refused payment, or by another currency', () => {
    const scene = givenCondition(balanceBelow, at100).after(pay({ at: '10:00', balanceAfter: '120' }));
    scene.when(pay({ at: '09:00', balanceAfter: '90' })).thenQuiet();
    scene.when(declined({ at: '10:01', balanceAfter: '90' })).thenQuiet();
    scene.when(pay({ at: '10:02', balanceAfter: '90', currency: 'USD' })).thenNotApplicable('exchange-rate');
    scene.when(pay({ at: '10:03', balanceAfter: '90' })).thenHolds();
  });

  it('finds it still below after a reversal that told nobody', () => {
    const scene = givenCondition(balanceBelow, at100).after(receive({ balanceAfter: '120' }));
    scene.when(receive({ balanceAfter: '90', status: 'reversed' })).thenQuiet();
    scene.when(payTo('85')).thenHolds();
  });

  it('works below zero', () => {
    const overdraft = { amount: { minor: -10_000, currency: 'EUR' } };
    const scene = givenCondition(balanceBelow, overdraft).after(payTo('-50'));
    scene.when(payTo('-120')).thenHolds();
    scene.when(receive({ balanceAfter: '-96' })).thenQuiet();
    scene.when(payTo('-120')).thenQuiet();
    scene.when(receive({ balanceAfter: '-95' })).thenQuiet();
    scene.when(payTo('-120')).thenHolds();
  });

  it('does not apply without a balance', () => {
    givenCondition(balanceBelow).when(pay()).thenNotApplicable('balanceAfter');
  });
});
