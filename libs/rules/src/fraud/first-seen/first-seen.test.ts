import { describe, it } from '@jest/globals';
import { declined, given, pay } from '@tocsin/testing';
import { firstSeen } from './first-seen.ts';

const payIn = (country: string, amount: string, at = '10:00') =>
  pay({ merchant: { name: 'Shop', country }, amount, at });

describe('first-seen', () => {
  it('fires for the first larger payment in a country', () => {
    given(firstSeen)
      .after(payIn('BG', '20'))
      .when(payIn('FR', '250'))
      .thenFires({
        code: 'TC-FIRST-SEEN.COUNTRY',
        score: 0.4,
        summary: 'First payment in FR',
        evidence: { country: 'FR' },
      });
  });

  it('is quiet in a country where the account paid before', () => {
    given(firstSeen).after(payIn('BG', '20')).when(payIn('BG', '250')).thenQuiet();
  });

  it('is quiet under the floor', () => {
    given(firstSeen).after(payIn('BG', '20')).when(payIn('FR', '199.99')).thenQuiet();
    given(firstSeen).after(payIn('BG', '20')).when(payIn('FR', '200.00')).thenFires();
  });

  it('does not apply without a country', () => {
    given(firstSeen)
      .when(pay({ merchant: { name: 'Shop' }, amount: '250' }))
      .thenNotApplicable('merchant.country');
  });

  it('learns for thirty days', () => {
    given(firstSeen)
      .on({ opened: '2026-02-11T10:00' })
      .when(payIn('FR', '250', '2026-03-03T10:00'))
      .thenInsufficientHistory({ have: 20, need: 30 });
    given(firstSeen)
      .on({ opened: '2026-02-01T10:00' })
      .when(payIn('FR', '250', '2026-03-03T10:00'))
      .thenInsufficientHistory({ have: 30, need: 30 });
    given(firstSeen)
      .on({ opened: '2026-02-01T10:00' })
      .when(payIn('FR', '250', '2026-03-03T10:01'))
      .thenFires();
  });

  it('takes the home country as known', () => {
    given(firstSeen).on({ country: 'BG' }).when(payIn('BG', '250')).thenQuiet();
  });

  it('learns from small payments, but not from refused ones', () => {
    given(firstSeen)
      .after(payIn('FR', '3', '09:00'))
      .when(payIn('FR', '250'))
      .thenQuiet();
    given(firstSeen)
      .after(declined({ merchant: { country: 'FR' }, at: '09:00' }))
      .when(payIn('FR', '250'))
      .thenFires();
  });

  it('does not know what happened later than a payment that comes late', () => {
    given(firstSeen)
      .after(payIn('FR', '20', '12:00'))
      .when(payIn('FR', '250', '11:00'))
      .thenFires();
  });

  it('forgets the one of sixteen countries that was used longest ago', () => {
    const countries = ['AT', 'BE', 'CH', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'GB', 'GR', 'HU', 'IE', 'IT', 'LT', 'LV'];
    const seen = countries.map((country) => payIn(country, '20'));
    given(firstSeen).after(seen).when(payIn('AT', '250')).thenQuiet();
    given(firstSeen).after(seen, payIn('AT', '20'), payIn('PT', '20')).when(payIn('AT', '250')).thenQuiet();
    given(firstSeen).after(seen, payIn('AT', '20'), payIn('PT', '20')).when(payIn('BE', '250')).thenFires();
  });
});
