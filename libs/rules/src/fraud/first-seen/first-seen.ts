import {
  days,
  debits,
  defineRule,
  fired,
  firstSeen as firstSeenOf,
  insufficientHistory,
  minorOf,
  quiet,
} from '@tocsin/core';

/** The first payment in a country that this account never paid in. Never alone a reason to ask, but it makes others surer. */
export const firstSeen = defineRule({
  id: 'first-seen',
  title: 'First payment in a country',
  version: '1.0.0',
  severity: 'low',
  family: 'place',
  audience: 'customer',
  needs: ['merchant.country'],
  defaults: { floor: 200, learning: days(30), score: 0.4 },
  sentence: 'First payment in {country}: {amount} at {merchant}.',
  features: () => ({ country: firstSeenOf(debits, 'country') }),
  decide(tx, features, { floor, learning, score }, account) {
    const { minor, currency } = tx.amount;
    if (!debits.includes(tx) || minor < minorOf(floor, currency)) return quiet;
    const { country } = features;
    if (country.seen || country.value === account.country) return quiet;
    const age = tx.occurredAt - account.openedAt;
    if (age <= learning) return insufficientHistory(Math.max(0, Math.floor(age / days(1))), learning / days(1));
    return fired(score, `First payment in ${country.value}`, { country: country.value, floor, currency }, 'COUNTRY');
  },
});
