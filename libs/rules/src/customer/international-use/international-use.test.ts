import { describe, it } from '@jest/globals';
import { givenCondition, pay } from '@tocsin/testing';
import { internationalUse } from './international-use.ts';

const payIn = (country: string, amount = '10') => pay({ merchant: { id: 'm-1', country }, amount });

describe('international-use', () => {
  it("holds in another country than the account's", () => {
    const scene = givenCondition(internationalUse).on({ country: 'BG' });
    scene.when(payIn('FR')).thenHolds({ country: 'FR', home: 'BG' });
    scene.when(payIn('BG')).thenQuiet();
    scene.when(pay({ merchant: { country: 'FR' }, channel: 'atm' })).thenHolds();
    scene.when(pay({ merchant: { country: 'FR' }, channel: 'transfer' })).thenQuiet();
  });

  it("does not apply while the home country is unknown, nor where the merchant's is", () => {
    givenCondition(internationalUse).when(payIn('FR')).thenNotApplicable('account.country');
    givenCondition(internationalUse)
      .on({ country: 'BG' })
      .when(pay({ merchant: { id: 'm-1' } }))
      .thenNotApplicable('merchant.country');
  });

  it('has a threshold too', () => {
    const scene = givenCondition(internationalUse, { amount: { minor: 2_000, currency: 'EUR' } }).on({ country: 'BG' });
    scene.when(payIn('FR', '20.00')).thenHolds();
    scene.when(payIn('FR', '19.99')).thenQuiet();
  });
});
